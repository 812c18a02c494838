//! `GetChannelSession`: returns a session as it stands.

use channel_session_api::v1::{GetChannelSessionRequest, GetChannelSessionResponse};
use domain::{Error, session::Id};

use crate::{Service, view};

pub(crate) async fn run(
    service: Service,
    request: GetChannelSessionRequest,
) -> Result<GetChannelSessionResponse, Error> {
    let session = service.get(Id::parse(&request.channel_session_id)?).await?;
    Ok(GetChannelSessionResponse { channel_session: Some(view::session(session, request.view)) })
}

//! `GetChannelSession`: returns a session as it stands.

use channel_session_api::v1::{GetChannelSessionRequest, GetChannelSessionResponse};
use domain::{Error, caller::Caller, session::Id};

use crate::{Service, view};

pub(crate) async fn run(
    service: &Service,
    request: GetChannelSessionRequest,
    caller: Caller,
) -> Result<GetChannelSessionResponse, Error> {
    let (id, view) = (Id::parse(&request.channel_session_id)?, view::parse(request.view)?);
    let session = service.get(&caller.tenant, id).await?;
    Ok(GetChannelSessionResponse { channel_session: Some(view::session(session, view)) })
}

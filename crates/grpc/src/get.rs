//! `GetChannelSession`: returns a session as it stands.

use channel_session_api::v1::{GetChannelSessionRequest, GetChannelSessionResponse};
use domain::{
    Error,
    session::{Id, TenantId},
};

use crate::{Service, update_data::only, view};

pub(crate) async fn run(
    service: Service,
    request: GetChannelSessionRequest,
) -> Result<GetChannelSessionResponse, Error> {
    let id = Id::parse(&request.channel_session_id)?;
    let session = only(service.store.get(&TenantId::default(), vec![id]).await)?;
    Ok(GetChannelSessionResponse { channel_session: Some(view::session(session, request.view)) })
}

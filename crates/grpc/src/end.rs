//! `EndChannelSession`: has the store end a session, returns it as it ended.

use budget::Share;
use channel_session_api::v1::{EndChannelSessionRequest, EndChannelSessionResponse};
use domain::{
    Error,
    caller::Caller,
    command::{End, Operation},
    session::Id,
};

use crate::{Service, command::Terms, view};

pub(crate) async fn run(
    service: &Service,
    request: EndChannelSessionRequest,
    caller: Caller,
) -> Result<(EndChannelSessionResponse, Share), Error> {
    let id = Id::parse(&request.channel_session_id)?;
    let end = Operation::End(End::parse(&request.state, &request.reason_code)?);
    let (etag, request_id) = (&*request.etag, &*request.request_id);
    let terms = Terms { etag, request_id, validate_only: request.validate_only };
    let (command, view) = (terms.command(id.clone(), end, &caller)?, view::parse(request.view)?);
    let room = service.documents.room_to_change(&caller.tenant, &id).await;
    let changed = service.execute_one(command).await?;
    let session = view::changed(changed, id, view)?;
    Ok((EndChannelSessionResponse { channel_session: Some(session) }, room))
}

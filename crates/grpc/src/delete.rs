//! `DeleteChannelSession`: has the store erase a session.

use channel_session_api::v1::{DeleteChannelSessionRequest, DeleteChannelSessionResponse};
use domain::{
    Error,
    caller::Caller,
    command::{Delete, Operation},
    session::Id,
};

use crate::{Service, command::Terms};

pub(crate) async fn run(
    service: &Service,
    request: DeleteChannelSessionRequest,
    caller: Caller,
) -> Result<DeleteChannelSessionResponse, Error> {
    let id = Id::parse(&request.channel_session_id)?;
    let delete = Operation::Delete(Delete { allow_missing: request.allow_missing });
    // Nothing is kept of a session that is erased, so no request id either.
    let terms = Terms { etag: &request.etag, request_id: "", validate_only: request.validate_only };
    let changed = service.execute_one(terms.command(id, delete, &caller)?).await?;
    Ok(DeleteChannelSessionResponse { revision: changed.revision.get(), changed: changed.changed })
}

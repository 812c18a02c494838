//! `DeleteChannelSession`: has the store erase a session.

use channel_session_api::v1::{DeleteChannelSessionRequest, DeleteChannelSessionResponse};
use domain::{
    Error,
    command::{Delete, Operation},
    session::Id,
};

use crate::{
    Service,
    change::{Origin, Terms},
};

pub(crate) async fn run(
    service: Service,
    request: DeleteChannelSessionRequest,
    origin: Origin,
) -> Result<DeleteChannelSessionResponse, Error> {
    let id = Id::parse(&request.channel_session_id)?;
    let delete = Operation::Delete(Delete { allow_missing: request.allow_missing });
    // Nothing is kept of a session that is erased, so no request id either.
    let terms = Terms { etag: &request.etag, request_id: "", validate_only: request.validate_only };
    let changed = service.change_one(terms.change(id, delete, origin)?).await?;
    Ok(DeleteChannelSessionResponse { revision: changed.revision.get(), changed: changed.changed })
}

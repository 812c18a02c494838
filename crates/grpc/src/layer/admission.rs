//! Refuses calls when too many are under way.

use std::sync::Arc;

use domain::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::status;

/// A call's permit among those that are under way. Whatever works on the call holds a clone until it ends: so what a caller
/// has left behind still counts.
#[derive(Debug, Clone)]
pub(crate) struct Permit(
    #[expect(dead_code, reason = "it is held, not looked at")] Arc<OwnedSemaphorePermit>,
);

/// A permit for a call, whose request is there: who has not sent one takes none.
pub(super) fn admit(permits: &Arc<Semaphore>) -> Result<Permit, Status> {
    match permits.clone().try_acquire_owned() {
        Ok(permit) => Ok(Permit(Arc::new(permit))),
        Err(_) => Err(status::from_error(&Error::Overloaded)),
    }
}

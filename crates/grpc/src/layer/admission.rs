//! Refuses calls when too many are under way.

use std::sync::Arc;

use domain::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::status;

/// A permit for a call, whose request is there: who has not sent one takes none.
pub(super) fn admit(permits: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Status> {
    permits.clone().try_acquire_owned().map_err(|_| status::from_error(&Error::Overloaded))
}

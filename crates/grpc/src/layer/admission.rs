//! Refuses calls when too many are under way.

use budget::{Permit, Permits};
use domain::{Error, session::TenantId};
use tonic::Status;

use crate::status;

/// A permit for a tenant's call, whose request is there: who has not sent one takes none.
pub(super) fn admit(permits: &Permits, tenant: &TenantId) -> Result<Permit, Status> {
    permits.try_acquire(tenant.as_str(), None).map_err(|_| status::from_error(&Error::Overloaded))
}

//! Says who calls. Whatever is done for a call is done in this one's name.

use domain::{caller::Caller, command::Requester, session::TenantId};
use http::HeaderMap;
use telemetry::call::trace_id;
use tonic::{Request, Status};

use crate::status;

/// Says by a request's headers whose sessions it sees, and who asks.
pub(crate) type Identify = fn(&HeaderMap) -> (TenantId, Requester);

/// Everybody alike, since nobody has to say who they are: a deployment has one tenant.
#[must_use]
pub fn anybody(_: &HeaderMap) -> (TenantId, Requester) {
    (TenantId::only(), Requester::anonymous())
}

/// The caller of a request.
pub(super) fn of(headers: &HeaderMap, identify: Identify) -> Caller {
    let (tenant, requester) = identify(headers);
    Caller { trace_id: trace_id(headers), ..Caller::new(tenant, requester) }
}

/// The caller that the layers have found.
///
/// # Errors
/// INTERNAL where the service is called without its layers: there is no caller but the one that they make.
pub(crate) fn found<T>(request: &Request<T>) -> Result<Caller, Status> {
    let missing = || {
        let cause = "a call that has no caller";
        status::from_error(&domain::Error::Internal(cause.into()))
    };
    request.extensions().get::<Caller>().cloned().ok_or_else(missing)
}

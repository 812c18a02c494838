//! Refuses calls when their tenant makes more than it may, or when too many are under way.
//!
//! Calls of both transports meet it once: those over HTTP/2, and those of a gateway in the same process, which has no such limit of
//! its own.

use std::time::Duration;

use axum::extract::Request;
use budget::{NoPermit, Permit};
use domain::{Error, caller::Caller};
use telemetry::{
    Signal,
    audit::{self, Who},
    call::Port,
    signal,
};
use tonic::Status;

use super::Limits;
use crate::status;

/// Counts a call as soon as it is known who makes it, before anything of its request is read.
pub(super) fn count<B>(limits: &Limits, caller: &Caller, request: &Request<B>) -> Result<(), Status> {
    limits.tenants.begin_call(&caller.tenant).map_err(|wait| refused(caller, request, "a second", Some(wait)))
}

/// A permit for a tenant's call, whose request is there: who has not sent one takes none.
pub(super) fn admit<B>(limits: &Limits, caller: &Caller, request: &Request<B>) -> Result<Permit, Status> {
    let own = limits.tenants.limits(&caller.tenant).max_calls.map(|max| max.get() as usize);
    limits.permits.try_acquire(caller.tenant.as_str(), own).map_err(|none| match none {
        NoPermit::OwnLimit => refused(caller, request, "at once", None),
        NoPermit::Exhausted => status::from_error(&Error::Overloaded),
    })
}

/// The status of a call that is over its tenant's quota, which the audit log has.
fn refused<B>(
    caller: &Caller,
    request: &Request<B>,
    what: &'static str,
    retry_after: Option<Duration>,
) -> Status {
    let error = Error::OverQuota { what, retry_after };
    signal(Signal::OverQuota(what));
    let who = Who { tenant: Some(caller.tenant.as_str()), requester: Some(caller.requester.as_str()) };
    audit::refused(Port::Grpc, request, who, &error);
    status::from_error(&error)
}

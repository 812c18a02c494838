//! Refuses calls when their tenant makes more than it may, or when too many are under way.
//!
//! Here and nowhere else: both transports meet it once, those over HTTP/2 and those of a gateway in the same process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use budget::{NoPermit, Permit};
use domain::{Error, caller::Caller, session::TenantId};
use tokio::time::Instant;
use tonic::Status;

use super::Limits;
use crate::status;

/// Counts a call as soon as it is known who makes it, before anything of its request is read.
pub(super) fn count(limits: &Limits, caller: &Caller) -> Result<(), Status> {
    limits.tenants.begin_call(&caller.tenant).map_err(|wait| {
        let error = Error::OverQuota { what: "a second", retry_after: Some(wait) };
        limits.refusals.refused(caller, error)
    })
}

/// A permit for a tenant's call, whose request is there: who has not sent one takes none.
pub(super) fn admit(limits: &Limits, caller: &Caller) -> Result<Permit, Status> {
    let own = limits.tenants.limits(&caller.tenant).max_calls.map(|max| max.get() as usize);
    limits.permits.try_acquire(caller.tenant.as_str(), own).map_err(|none| {
        let error = match none {
            NoPermit::OwnLimit => Error::OverQuota { what: "at once", retry_after: None },
            NoPermit::Exhausted => Error::Overloaded,
        };
        limits.refusals.refused(caller, error)
    })
}

/// Which refusals have been told: not each of them, since those that come to be refused come in floods. Clones are the same
/// ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusals(Arc<Mutex<HashMap<TenantId, Told>>>);

#[derive(Debug)]
struct Told {
    at: Instant,
    since: u64,
}

/// How often a tenant's refused calls are told of, the rest with the next. Too seldom, and an operator looks for nothing; too
/// often, and a flood fills the log.
const INTERVAL: Duration = Duration::from_secs(10);

impl Refusals {
    /// The status of a call that is refused, of which the log has a line now and then.
    fn refused(&self, caller: &Caller, error: Error) -> Status {
        if let Some(more) = self.count(&caller.tenant) {
            tracing::warn!(
                tenant = caller.tenant.as_str(),
                requester = caller.requester.as_str(),
                why = %error,
                more,
                "a call was refused for load"
            );
        }
        status::from_error(&error)
    }

    /// How many were not told of before this one; none if neither is this.
    fn count(&self, tenant: &TenantId) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(told) = all.get_mut(tenant) {
            if now - told.at < INTERVAL {
                told.since += 1;
                return None;
            }
            told.at = now;
            return Some(std::mem::take(&mut told.since));
        }
        all.retain(|_, told| now - told.at < INTERVAL || told.since > 0);
        all.insert(tenant.clone(), Told { at: now, since: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_refusals_is_a_line_now_and_then_that_counts_them() {
        let (refusals, [blue, green]) = (Refusals::default(), ["blue", "green"].map(TenantId::from_stored));
        assert_eq!(refusals.count(&blue), Some(0));
        for _ in 0..1000 {
            assert_eq!(refusals.count(&blue), None);
        }
        assert_eq!(refusals.count(&green), Some(0));
        tokio::time::advance(INTERVAL).await;
        assert_eq!((refusals.count(&blue), refusals.count(&blue)), (Some(1000), None));
    }
}

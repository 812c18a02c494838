//! How many calls a second tenants make: for each, when it will have paid for those that it made (the generic cell rate
//! algorithm).
//!
//! Not `governor`, which the algorithm is known from: it has one rate for all keys, and refuses for ever what counts more than
//! a whole second's worth, such as a batch. Here a call is let in if one may be made, and a batch then pays for all of its
//! updates, if need be with what the tenant will have later; but one batch at a time.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::session::TenantId;
use tokio::time::Instant;

/// How much a tenant that made no calls for a while has saved up: as many calls as in this time.
const SAVED: Duration = Duration::from_secs(1);

/// When tenants will have paid. Who has paid is not in it, at the latest when the next one is added.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<TenantId, Instant>>);

impl Rates {
    /// Counts a call, if there may be one now; or says after how long.
    pub(crate) fn take(&self, tenant: &TenantId, rate: NonZeroU32) -> Result<(), Duration> {
        let (mut paid, now, price) = (self.lock(), Instant::now(), price(rate));
        let before = paid.get(tenant).copied();
        match over(before.unwrap_or(now), now, price) {
            Some(wait) => Err(wait),
            None => {
                set(&mut paid, tenant, now, before.unwrap_or(now).max(now) + price);
                Ok(())
            }
        }
    }

    /// Counts so many calls more with one that was let in; or says after how long they may be made, where others that were let
    /// in with it have used up what the tenant will have.
    pub(crate) fn charge(&self, tenant: &TenantId, rate: NonZeroU32, calls: usize) -> Result<(), Duration> {
        let (mut paid, now) = (self.lock(), Instant::now());
        let before = paid.get(tenant).copied().unwrap_or(now).max(now);
        let owed = before.saturating_duration_since(now + SAVED.max(price(rate)));
        if !owed.is_zero() {
            return Err(owed);
        }
        set(&mut paid, tenant, now, before + price(rate) * u32::try_from(calls).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Forgets what tenants owe, whose rates are others now.
    pub(crate) fn forget(&self, has_changed: impl Fn(&TenantId) -> bool) {
        self.lock().retain(|tenant, _| !has_changed(tenant));
    }

    /// How long until there may be a call; none if there may be one now.
    pub(crate) fn wait(&self, tenant: &TenantId, rate: NonZeroU32) -> Option<Duration> {
        let (paid, now) = (self.lock(), Instant::now());
        over(paid.get(tenant).copied()?, now, price(rate))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Instant>> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set(paid: &mut HashMap<TenantId, Instant>, tenant: &TenantId, now: Instant, at: Instant) {
    match paid.get_mut(tenant) {
        Some(known) => *known = at,
        None => {
            paid.retain(|_, at| *at > now);
            paid.insert(tenant.clone(), at);
        }
    }
}

/// How much of a second one call takes.
fn price(rate: NonZeroU32) -> Duration {
    Duration::from_secs(1) / rate.get()
}

/// By how much another call would be too many.
fn over(paid: Instant, now: Instant, price: Duration) -> Option<Duration> {
    let wait = (paid.max(now) + price).saturating_duration_since(now + SAVED.max(price));
    (!wait.is_zero()).then_some(wait)
}

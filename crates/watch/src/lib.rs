//! Delivers to many watchers what happens to sessions, from one reading of the store's events.
//!
//! One task for each tenant reads on behind the last event while anybody watches, and keeps the newest events for all. A watcher takes
//! them from there as fast as it likes; one that is too slow for that, or that begins in the past, reads the store by
//! itself until it has caught up. So a watcher costs an entry in a table, whatever it does. Knows the port to the store and
//! no transport.

mod event_buffer;
mod failures;
mod registration;
mod shared_event;
mod shared_events;
mod state;
mod tail;
mod tails;
mod watcher;

use std::sync::Arc;

use budget::{Permits, Turns};
use domain::{
    Error, Outcome,
    event::{Event, Position, Scope},
    session::TenantId,
    store::Store,
};
use telemetry::{Signal, signal};
use tokio_util::sync::CancellationToken;

pub use shared_event::SharedEvent;
use shared_events::SharedEvents;
use tails::Tails;
pub use watcher::{QUIET, Watcher};

/// What a deployment can set.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many watches there may be at once. More are refused.
    pub max_watches: usize,
    /// Whether there are several tenants, which [share](budget::is_fair) them.
    pub tenants_share: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_watches: 4096, tenants_share: false }
    }
}

/// Where watches come from. Clones are the same one.
#[derive(Clone)]
pub struct Hub {
    store: Arc<dyn Store>,
    permits: Permits,
    /// One for each watcher that may read the store at a time: the tail has a connection of its own beside them.
    readers: Turns,
    /// What watchers have read by themselves.
    shared: SharedEvents,
    tails: Tails,
    stopping: CancellationToken,
}

/// Which events a watcher gets.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Whose sessions.
    pub tenant: TenantId,
    /// Which of them.
    pub scope: Scope,
    /// Only what changed an attribute with one of these keys; everything, if there are none.
    pub keys: Vec<String>,
    /// Where to go on from; none for from now on.
    pub after: Option<Position>,
}

/// What a watcher gets.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What happened; none in a heartbeat.
    pub event: Option<Arc<SharedEvent>>,
    /// Where to go on from, behind it.
    pub position: Position,
}

/// How many watchers read the store at the same time.
pub const MAX_READERS: usize = 2;

impl Hub {
    /// A hub that reads a store's events while somebody watches.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, options: Options) -> Self {
        let stopping = CancellationToken::new();
        let tails = Tails::new(store.clone(), stopping.clone());
        let permits = Permits::new(options.max_watches, options.tenants_share);
        let (readers, shared) = (Turns::new(MAX_READERS), SharedEvents::default());
        Self { store, permits, readers, shared, tails, stopping }
    }

    /// Says that a change of a tenant's session has just been made by this process, so that nobody waits for the next poll.
    pub fn wake(&self, tenant: &TenantId) {
        self.tails.wake(tenant);
    }

    /// Ends all watches, each with [`Error::StoreUnavailable`], and begins no more.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Begins a watch.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if there are as many as there may be, or the tenant's share of them; [`Error::InvalidParameter`] or
    /// [`Error::PositionExpired`] for a position that cannot be gone on from, and those of the store.
    pub async fn watch(&self, wanted: Subscription) -> Result<Watcher, Error> {
        let permit = self.permits.try_acquire(wanted.tenant.as_str(), None).map_err(|_| Error::Overloaded)?;
        Watcher::begin(self, wanted, Permit::new(permit)).await
    }
}

/// The error of a watch at a hub that has stopped.
fn stopped() -> Error {
    let cause = "the process is about to stop; a watch goes on elsewhere".into();
    Error::StoreUnavailable { outcome: Outcome::NotApplied, cause }
}

/// Whether a watcher gets an event of its scope.
fn is_wanted(keys: &[String], event: &Event) -> bool {
    keys.is_empty() || event.changes.iter().any(|change| keys.contains(&change.key))
}

/// Held as long as a watch lives.
struct Permit(#[expect(dead_code, reason = "it is held, not looked at")] budget::Permit);

impl Permit {
    fn new(permit: budget::Permit) -> Self {
        signal(Signal::WatchBegan);
        Self(permit)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        signal(Signal::WatchEnded);
    }
}

#[cfg(test)]
mod tests;

//! The one reading of a tenant's events: polls for what is new while anybody watches, and delivers it to those who want it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use domain::{
    Error,
    event::{Position, Scope},
    session::TenantId,
    store::Store,
    time::Timestamp,
};
use telemetry::{Signal, signal};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    event_buffer::{EventBuffer, Kept},
    failures::{Failures, PAUSE as PAUSE_AFTER_ERROR},
    registration::Registration,
    state::{Boundary, State},
};

/// How long after a poll the next one comes where nobody asks for it: what changes by other processes wait at most.
const INTERVAL: Duration = Duration::from_millis(45);

/// How long after a poll the next one comes at the soonest, so that a busy service does not poll for each change.
const PAUSE: Duration = Duration::from_millis(15);

/// How many events are read at a time, at most: large ones are bounded by [`domain::store::MAX_EVENTS_BYTES`].
const PAGE: usize = 256;

/// Reads a store's events for all watchers. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Tail {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    tenant: TenantId,
    stopping: CancellationToken,
    state: Mutex<State>,
    asked: Notify,
    /// Says that a poll has ended, to those who wait for one.
    polled: watch::Sender<()>,
}

/// A tail that may be there.
pub(crate) struct WeakTail(Weak<Shared>);

impl WeakTail {
    pub(crate) fn upgrade(&self) -> Option<Tail> {
        Some(Tail { shared: self.0.upgrade()? })
    }
}

impl Tail {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        tenant: TenantId,
        kept: Kept,
        stopping: CancellationToken,
    ) -> Self {
        let shared = Shared {
            store,
            tenant,
            stopping,
            state: Mutex::new(State::new(EventBuffer::new(kept))),
            asked: Notify::new(),
            polled: watch::Sender::new(()),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The same tail, which that does not keep.
    pub(crate) fn downgrade(&self) -> WeakTail {
        WeakTail(Arc::downgrade(&self.shared))
    }

    /// Asks for a poll soon.
    pub(crate) fn wake(&self) {
        self.shared.asked.notify_one();
    }

    /// Registers a watcher. Nothing is delivered to it until it has joined.
    pub(crate) fn register(&self, scope: Scope, keys: Vec<String>) -> Registration {
        let notify = Arc::new(Notify::new());
        let mut state = self.lock();
        let number = state.register(scope, keys, notify.clone());
        if !state.is_running {
            state.is_running = true;
            tokio::spawn(Shared::run(self.shared.clone()));
        }
        Registration::new(self.clone(), number, notify)
    }

    /// Says when a poll has ended.
    pub(crate) fn polls(&self) -> watch::Receiver<()> {
        self.shared.polled.subscribe()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Shared {
    /// Looks again and again while anybody watches.
    async fn run(shared: Arc<Self>) {
        let mut position = None;
        let mut failures = Failures::default();
        loop {
            let scope = {
                let mut state = shared.lock();
                if state.is_empty() || shared.stopping.is_cancelled() {
                    state.is_running = false;
                    state.events.clear();
                    return;
                }
                state.begun += 1;
                state.scope()
            };
            // In a task of its own: should the store panic, the watches hear of it, and looking goes on.
            let poll = tokio::spawn(Self::poll(shared.clone(), scope, position.take()));
            let (polled, next) = poll.await.unwrap_or_else(|panic| {
                // It is not known how far it came.
                shared.lock().forget();
                (Err(Error::Internal(panic.into())), None)
            });
            position = next;
            let failed = polled.is_err();
            if let Some(error) = failures.count(&polled) {
                shared.lock().fail(&error);
            }
            {
                let mut state = shared.lock();
                let number = state.events.end();
                let poll = state.begun;
                state.ended = Some((poll, polled.map(|position| Boundary { position, number })));
            }
            shared.polled.send_replace(());
            tokio::time::sleep(if failed { PAUSE_AFTER_ERROR } else { PAUSE }).await;
            tokio::select! {
                () = shared.asked.notified() => {}
                () = shared.stopping.cancelled() => {}
                () = tokio::time::sleep(INTERVAL - PAUSE) => {}
            }
        }
    }

    /// Reads everything that is new. Returns the position behind it, and where the next poll goes on.
    async fn poll(
        shared: Arc<Self>,
        scope: Arc<Scope>,
        after: Option<Position>,
    ) -> (Result<Position, Error>, Option<Position>) {
        let Some(mut position) = after else {
            let position = shared.store.position().await;
            let next = position.as_ref().ok().cloned();
            return (position, next);
        };
        loop {
            let read = shared.store.events(&shared.tenant, &scope, &position, None, PAGE).await;
            let events = match read {
                Ok(events) => events,
                Err(Error::PositionExpired | Error::InvalidParameter(_)) => {
                    // Reading had stopped for as long as events are kept, or the database is another one now. Watchers find
                    // out by themselves, since what they wait for is not kept here either.
                    shared.lock().forget();
                    return (Err(Error::PositionExpired), None);
                }
                Err(error) => return (Err(error), Some(position)),
            };
            if let Some((oldest, _)) = events.events.first() {
                let lag = Timestamp::from(SystemTime::now()).millis().saturating_sub(oldest.at.millis());
                // The clock of whoever asked may be ahead.
                signal(Signal::EventLag(Duration::from_millis(u64::try_from(lag).unwrap_or(0))));
            }
            shared.lock().deliver(events.events);
            position = events.next;
            if events.complete {
                return (Ok(position.clone()), Some(position));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

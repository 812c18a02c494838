//! One watch: fed by the tail while it keeps up, reading the store by itself while it does not.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use budget::Turns;
use domain::{
    Error,
    event::Position,
    store::{Events, Store},
};
use telemetry::{Signal, signal};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    Delivery, Hub, Permit, SharedEvent, Subscription,
    failures::{Failures, PAUSE},
    is_wanted,
    registration::Registration,
    shared_events::SharedEvents,
    state::{Boundary, Next},
    stopped,
};

/// After how long without an event a watcher gets a heartbeat, with how far it has come.
pub const QUIET: Duration = Duration::from_secs(15);

/// How many events a watcher reads at a time, at most: see [`domain::store::MAX_EVENTS_BYTES`].
const PAGE: usize = 16;

/// How much of a page a watcher holds in memory until it is delivered, in bytes, beyond the first event. The rest is read
/// again: there may be thousands of watchers that take nothing.
pub(crate) const MAX_PAGE_BYTES: usize = 64 * 1024;

/// One watch. Dropped, it ends.
pub struct Watcher {
    store: Arc<dyn Store>,
    readers: Turns,
    shared: SharedEvents,
    stopping: CancellationToken,
    wanted: Subscription,
    registration: Registration,
    /// Everything up to here has been delivered.
    position: Position,
    state: State,
    /// When to give a heartbeat.
    quiet_until: Instant,
    /// Of its own reads.
    failures: Failures,
    _permit: Permit,
}

enum State {
    /// What is next comes from the tail.
    Live,
    /// What is next comes from the store.
    Behind(Behind),
}

/// Reads from the store up to a boundary, from which the tail goes on.
#[derive(Default)]
struct Behind {
    until: Option<Boundary>,
    /// In a task, so that a watcher that nobody polls keeps no turn from others. It ends with the watcher.
    reading: Option<AbortOnDropHandle<Result<Page, Error>>>,
    /// What has been read and not delivered.
    page: VecDeque<(Arc<SharedEvent>, Position)>,
    /// The position behind the page, and whether that is the boundary.
    end: Option<(Position, bool)>,
}

impl Watcher {
    /// Finds out where a watch begins, and whether it can.
    pub(crate) async fn begin(hub: &Hub, wanted: Subscription, permit: Permit) -> Result<Self, Error> {
        let registration = hub.tails.of(&wanted.tenant).register(wanted.scope.clone(), wanted.keys.clone());
        let stopping = hub.stopping.clone();
        let mut behind = Behind::default();
        let begin = async {
            let boundary = registration.next_poll().await?;
            let Some(position) = wanted.after.clone() else {
                let live = registration.join(&boundary);
                return Ok::<_, Error>((boundary.position, live));
            };
            // A first page finds out whether the position is one that can be gone on from.
            behind.until = Some(boundary);
            behind.read(&hub.store, &hub.readers, &hub.shared, &wanted, &position).await?;
            Ok((position, false))
        };
        let (position, is_live) = tokio::select! {
            begun = begin => begun?,
            () = stopping.cancelled() => return Err(stopped()),
        };
        Ok(Self {
            store: hub.store.clone(),
            readers: hub.readers.clone(),
            shared: hub.shared.clone(),
            stopping,
            wanted,
            registration,
            position,
            state: if is_live { State::Live } else { State::Behind(behind) },
            // At once: from where on the watch delivers is worth knowing before the first event.
            quiet_until: Instant::now(),
            failures: Failures::default(),
            _permit: permit,
        })
    }

    /// Waits for what comes next. The first is a heartbeat, at once; others come in quiet times. May be dropped and
    /// called again: nothing is lost.
    ///
    /// # Errors
    /// [`Error::PositionExpired`] if it has fallen behind what is kept, [`Error::StoreUnavailable`] if the hub has
    /// stopped, and those of the store. After an error there is nothing more.
    pub async fn next(&mut self) -> Result<Delivery, Error> {
        let (stopping, quiet_until) = (self.stopping.clone(), self.quiet_until);
        // Asked here, since a timer would let an event that is there go first.
        let is_due = quiet_until <= Instant::now();
        let event = tokio::select! {
            biased;
            () = stopping.cancelled() => return Err(stopped()),
            () = std::future::ready(()), if is_due => None,
            event = self.next_event() => Some(event?),
            () = sleep_until(quiet_until) => None,
        };
        self.quiet_until = Instant::now() + QUIET;
        Ok(Delivery { event, position: self.position.clone() })
    }

    /// How many events it holds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        match &self.state {
            State::Live => 0,
            State::Behind(behind) => behind.page.len(),
        }
    }

    async fn next_event(&mut self) -> Result<Arc<SharedEvent>, Error> {
        loop {
            match &mut self.state {
                State::Live => match self.registration.take() {
                    Next::Event(entry) => {
                        self.position = entry.position;
                        return Ok(entry.event);
                    }
                    Next::Gone => self.state = State::Behind(Behind::default()),
                    Next::Failed(error) => return Err(error),
                    Next::Nothing(position) => {
                        self.position = position.unwrap_or_else(|| self.position.clone());
                        self.registration.notify.notified().await;
                    }
                },
                State::Behind(behind) => {
                    if let Some((event, position)) = behind.page.pop_front() {
                        self.position = position;
                        if is_wanted(&self.wanted.keys, &event) {
                            return Ok(event);
                        }
                        continue;
                    }
                    let end = behind.end.take();
                    if let Some((position, is_boundary)) = end {
                        self.position = position;
                        if is_boundary {
                            let is_live =
                                behind.until.as_ref().is_some_and(|until| self.registration.join(until));
                            self.state = if is_live { State::Live } else { State::Behind(Behind::default()) };
                        }
                        continue;
                    }
                    let read = async {
                        if behind.until.is_none() {
                            behind.until = Some(self.registration.next_poll().await?);
                        }
                        let (store, readers, shared) = (&self.store, &self.readers, &self.shared);
                        behind.read(store, readers, shared, &self.wanted, &self.position).await
                    };
                    let read = read.await;
                    // What is gone will not be there again.
                    if let Err(error @ (Error::PositionExpired | Error::InvalidParameter(_))) = &read {
                        return Err(error.clone());
                    }
                    if let Some(error) = self.failures.count(&read) {
                        return Err(error);
                    }
                    if read.is_err() {
                        sleep(PAUSE).await;
                    }
                }
            }
        }
    }
}

impl Behind {
    /// Reads the page behind a position. Dropped and called again, it goes on waiting for the same page.
    async fn read(
        &mut self,
        store: &Arc<dyn Store>,
        readers: &Turns,
        shared: &SharedEvents,
        wanted: &Subscription,
        after: &Position,
    ) -> Result<(), Error> {
        let reading = self.reading.get_or_insert_with(|| {
            let (store, readers, shared) = (store.clone(), readers.clone(), shared.clone());
            let (wanted, after) = (wanted.clone(), after.clone());
            let until = self.until.as_ref().map(|until| until.position.clone());
            AbortOnDropHandle::new(tokio::spawn(async move {
                let _turn = readers.take(wanted.tenant.as_str()).await;
                let scope = &wanted.scope;
                let events = store.events(&wanted.tenant, scope, &after, until.as_ref(), PAGE).await?;
                Ok(Page::of(events, &shared))
            }))
        });
        let page = reading.await.unwrap_or_else(|panic| Err(Error::Internal(panic.into())));
        self.reading = None;
        if let Err(Error::PositionExpired) = &page {
            signal(Signal::PositionExpired);
        } else if let Err(Error::InvalidParameter(_)) = &page {
            signal(Signal::PositionUnknown);
        }
        let Page { events, end } = page?;
        self.page = events;
        self.end = Some(end);
        Ok(())
    }
}

/// As much of what was read as a watcher holds.
struct Page {
    events: VecDeque<(Arc<SharedEvent>, Position)>,
    /// See [`Behind::end`].
    end: (Position, bool),
}

impl Page {
    fn of(Events { events, next, complete }: Events, shared: &SharedEvents) -> Self {
        let mut page = Self { events: VecDeque::with_capacity(events.len()), end: (next, complete) };
        let mut bytes = 0;
        for (event, position) in events {
            let event = shared.of(event);
            bytes += event.size();
            if bytes > MAX_PAGE_BYTES
                && let Some((_, last)) = page.events.back()
            {
                page.end = (last.clone(), false);
                break;
            }
            page.events.push_back((event, position));
        }
        page
    }
}

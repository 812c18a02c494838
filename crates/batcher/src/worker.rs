//! Workers: each works on one batch after the other until nothing is ready.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use domain::session::TenantId;
use futures_util::FutureExt;
use telemetry::{Signal, signal, trace::Batch};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use crate::{
    Item, LockWait, Options, Shared, State, Verdict,
    queue::{Key, Waiting},
};

/// The batches that are in flight.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    workers: usize,
    /// When the batches of those workers began: few.
    begun: Vec<Instant>,
    /// Whether somebody looks whether they are slow.
    is_watched: bool,
    /// Whether one of them is of a large session.
    has_large: bool,
}

impl InFlight {
    /// Whether another batch is started for so many items.
    fn admits(&self, ready: usize, options: &Options) -> bool {
        let enough = match self.in_time(options) {
            0 => 1,
            few if few < options.max_in_flight => options.min_batch,
            _ => return false,
        };
        let stalled = self.older_than(options.stalled_after).min(options.max_stalled);
        ready >= enough && self.workers - stalled < options.max_slow_in_flight
    }

    /// How many of the workers have no batch that is slow.
    fn in_time(&self, options: &Options) -> usize {
        self.workers - self.older_than(options.slow_after)
    }

    fn older_than(&self, age: Duration) -> usize {
        self.begun.iter().filter(|begun| begun.elapsed() >= age).count()
    }

    fn end(&mut self, begun: Instant) {
        if let Some(at) = self.begun.iter().position(|other| *other == begun) {
            self.begun.swap_remove(at);
        }
    }
}

/// A batch that a worker has taken.
struct Taken<I: Item> {
    batch: Vec<Waiting<I>>,
    begun: Instant,
    is_large: bool,
}

impl<I: Item> State<I> {
    /// How many items the next batch can choose from.
    fn choice(&self) -> usize {
        if self.in_flight.has_large { self.queue.ready_small() } else { self.queue.ready() }
    }
}

impl<I: Item> Shared<I> {
    /// Starts a worker if there may be one and enough is ready. Otherwise has somebody look for one later.
    pub(crate) fn start(self: Arc<Self>, state: &mut State<I>) {
        if state.in_flight.admits(state.choice(), &self.options) {
            state.in_flight.workers += 1;
            self.tasks.spawn(self.clone().run());
        } else {
            self.watch_over(state);
        }
    }

    /// Has somebody look after what is ready and not taken. No timer for every batch: one wakes the thread that waits for the
    /// network.
    fn watch_over(self: Arc<Self>, state: &mut State<I>) {
        if state.choice() > 0 && !state.in_flight.is_watched {
            state.in_flight.is_watched = true;
            self.tasks.spawn(self.clone().watch());
        }
    }

    /// Starts workers beside slow ones for as long as anything is ready.
    async fn watch(self: Arc<Self>) {
        loop {
            sleep(self.options.slow_after).await;
            let mut state = self.lock();
            if state.choice() == 0 {
                state.in_flight.is_watched = false;
                return;
            }
            self.clone().start(&mut state);
        }
    }

    async fn run(self: Arc<Self>) {
        while let Some(taken) = self.take() {
            self.clone().work_on(taken).await;
        }
    }

    /// Takes the next batch. Where there is none, there is one worker less in the same moment: what comes in the next one
    /// starts another.
    fn take(self: &Arc<Self>) -> Option<Taken<I>> {
        let mut state = self.lock();
        // Others may have come in the place of one that was slow.
        let is_needed = state.in_flight.in_time(&self.options) <= self.options.max_in_flight;
        let may_be_large = !state.in_flight.has_large;
        let (batch, is_large) = if is_needed { state.queue.take(may_be_large) } else { (Vec::new(), false) };
        signal(Signal::Queue { of: I::NAME, waiting: state.queue.len() });
        // Should this batch stall, others are started for what it leaves.
        self.clone().watch_over(&mut state);
        if batch.is_empty() {
            state.in_flight.workers -= 1;
            return None;
        }
        let now = Instant::now();
        // Nobody waits for the end of a large one: it counts as slow from its beginning.
        let begun = if is_large { now.checked_sub(self.options.slow_after).unwrap_or(now) } else { now };
        state.in_flight.begun.push(begun);
        state.in_flight.has_large |= is_large;
        if is_large {
            self.clone().start(&mut state);
        }
        Some(Taken { batch, begun, is_large })
    }

    async fn work_on(self: Arc<Self>, Taken { batch, begun, is_large }: Taken<I>) {
        let keys: HashSet<Key> = batch.iter().filter_map(|waiting| waiting.key).collect();
        let blocked = self.answer(batch, LockWait::Short).await;
        let blocked_keys: HashMap<Key, TenantId> = blocked
            .iter()
            .filter_map(|waiting| Some((waiting.key?, waiting.item.tenant().clone())))
            .collect();
        let mut state = self.lock();
        state.in_flight.end(begun);
        state.in_flight.has_large &= !is_large;
        for waiting in blocked.into_iter().rev() {
            state.queue.put_back(waiting);
        }
        for key in keys {
            match blocked_keys.get(&key) {
                Some(tenant) => drop(self.tasks.spawn(self.clone().retry(tenant.clone(), key))),
                None => state.queue.unlock(key),
            }
        }
    }

    /// Has a batch worked on and its callers answered. Returns what somebody else has locked.
    pub(crate) async fn answer(&self, batch: Vec<Waiting<I>>, wait: LockWait) -> Vec<Waiting<I>> {
        let began = Instant::now();
        let (size, first) = (batch.len(), batch.iter().map(|waiting| waiting.since).min());
        let mut callers = Vec::with_capacity(batch.len());
        let mut items = Vec::with_capacity(batch.len());
        let mut traces = Vec::new();
        for Waiting { tenant, key, lane, since, trace, item, answer } in batch {
            items.push(item);
            traces.extend(trace.clone());
            callers.push((tenant, key, lane, since, trace, answer));
        }
        // A panic ends no worker: the answers are then dropped.
        let work = AssertUnwindSafe((self.work)(items, wait)).catch_unwind();
        let work = work.instrument(tracing::trace_span!("batch", of = I::NAME, size));
        let verdicts = Batch::within(Batch::begin(I::NAME, size, traces), work).await.unwrap_or_default();
        if let Some(first) = first {
            let (waited, took) = (began - first, began.elapsed());
            signal(Signal::Batch { of: I::NAME, size, waited, took });
        }
        let mut blocked = Vec::new();
        let mut sizes = Vec::with_capacity(callers.len());
        for ((tenant, key, lane, since, trace, answer), verdict) in callers.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Answered(outcome) => {
                    let bytes = outcome.as_ref().ok().and_then(|outcome| I::session_bytes(outcome));
                    sizes.extend(key.zip(bytes));
                    // Whoever is gone needs no answer.
                    drop(answer.send(outcome));
                }
                Verdict::Blocked(item) => {
                    blocked.push(Waiting { tenant, key, lane, since, trace, item, answer });
                }
            }
        }
        if !sizes.is_empty() {
            let mut state = self.lock();
            for (key, bytes) in sizes {
                state.large.saw(key, bytes);
            }
        }
        blocked
    }
}

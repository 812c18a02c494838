//! Group commit: puts the items of many callers into batches that share a statement and a commit.
//!
//! An item that finds no batch in flight starts one. One that comes while a batch is in flight waits for its end, or for
//! enough others, since batches of one would keep a database busy with beginnings and ends. A batch that takes long is
//! joined by another one, and a batch that has stalled is not counted at all: it holds up its own sessions and nobody else.
//!
//! A session is in one batch at a time, so a store never competes with itself for a session, and what is submitted at once
//! for a session is worked on in its order. What a store finds locked by somebody else leaves the batch, and is tried
//! again by itself. Items that come one by one and items that come many at a time take turns. Large sessions are worked on
//! a few at a time, in batches of their own beside the others.
//!
//! Tenants take turns in a batch, an item each, so that one which floods has no more of it than another that has as much to
//! do. When the queue fills up, whoever has [most](budget::is_fair) in it is refused first.
//!
//! A caller may leave at any time: what waits for a batch is then left out, what is in one ends with it. What stores do
//! without batches runs in [`Tasks`], to the same end. Knows no database.

mod blocked;
mod item;
mod large;
mod options;
mod queue;
mod tasks;
mod worker;

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use budget::Turns;
use domain::Error;
use futures_util::future::join_all;
use telemetry::{Signal, signal};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

pub use item::Item;
use large::{LARGE_BYTES, Large};
pub use options::Options;
use queue::{Key, Lane, Queue, Tenant, Waiting};
pub use tasks::Tasks;
use worker::InFlight;

/// What comes of an item, or why nothing does.
pub type Outcome<I> = Result<<I as Item>::Answer, Error>;

/// What a batch says of one of its items.
pub enum Verdict<I: Item> {
    /// It has been worked on.
    Answered(Outcome<I>),
    /// Somebody else has locked what it is about: nothing was done, and it is tried again by itself.
    Blocked(I),
}

/// The verdicts on items, each with its outcome; blocked where there is none.
pub fn verdicts<I: Item>(items: Vec<I>, outcomes: Vec<Option<Outcome<I>>>) -> Vec<Verdict<I>> {
    let verdict = |(item, outcome): (I, Option<_>)| outcome.map_or(Verdict::Blocked(item), Verdict::Answered);
    items.into_iter().zip(outcomes).map(verdict).collect()
}

/// How long a batch may wait for locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockWait {
    /// Hardly at all: others are in the same batch.
    Short,
    /// Somewhat: it has only items of a session that was found locked.
    Long,
}

type Work<I> =
    dyn Fn(Vec<I>, LockWait) -> Pin<Box<dyn Future<Output = Vec<Verdict<I>>> + Send>> + Send + Sync;

/// Where items are put into batches. Clones are the same one.
pub struct Batcher<I: Item> {
    shared: Arc<Shared<I>>,
}

struct Shared<I: Item> {
    options: Options,
    hasher: RandomState,
    work: Box<Work<I>>,
    state: Mutex<State<I>>,
    /// One for each locked session that may be tried again at a time.
    blocked: Turns,
    tasks: TaskTracker,
}

struct State<I: Item> {
    queue: Queue<I>,
    in_flight: InFlight,
    large: Large,
}

impl<I: Item> Clone for Batcher<I> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<I: Item> std::fmt::Debug for Batcher<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batcher").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl<I: Item> Batcher<I> {
    /// A batcher for a function that works on a batch and gives a verdict for each of its items, in order. It runs in tasks
    /// that no caller can drop half-way.
    pub fn new<F>(options: Options, work: impl Fn(Vec<I>, LockWait) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Verdict<I>>> + Send + 'static,
    {
        let state =
            State { queue: Queue::new(&options), in_flight: InFlight::default(), large: Large::default() };
        let shared = Shared {
            hasher: RandomState::new(),
            work: Box::new(move |items, wait| Box::pin(work(items, wait)) as Pin<Box<_>>),
            state: Mutex::new(state),
            blocked: Turns::new(options.max_blocked_in_flight),
            tasks: TaskTracker::new(),
            options,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Has items of one tenant worked on, and gives a result for each, in order. [`Error::Overloaded`] for all of them if
    /// there is no room for so many of the tenant's. May be dropped at any time: those that are in no batch by then are never
    /// worked on.
    pub async fn submit(&self, items: Vec<I>) -> Vec<Outcome<I>> {
        let lane = if items.len() == 1 { Lane::Single } else { Lane::Bulk };
        let Some(tenant) = items.first().map(|item| self.shared.tenant(item)) else { return Vec::new() };
        let mut answers = Vec::with_capacity(items.len());
        {
            let mut state = self.shared.lock();
            if !state.queue.make_room(tenant, items.len()) {
                return items.iter().map(|_| Err(Error::Overloaded)).collect();
            }
            let keys: Vec<_> = items.iter().map(|item| self.shared.key(item)).collect();
            // All of a session's, so that they stay in their order.
            let brought: HashSet<Key> = keys
                .iter()
                .zip(&items)
                .filter_map(|(key, item)| key.filter(|_| item.bytes() > LARGE_BYTES))
                .collect();
            for (item, key) in items.into_iter().zip(keys) {
                let (answer, answered) = oneshot::channel();
                let is_large = key.is_some_and(|key| brought.contains(&key) || state.large.contains(key));
                let lane = if is_large { Lane::Large } else { lane };
                state.queue.push(Waiting::new((self.shared.tenant(&item), key), lane, item, answer));
                answers.push(answered);
            }
            signal(Signal::Queue { of: I::NAME, waiting: state.queue.len() });
            self.shared.clone().start(&mut state);
        }
        join_all(answers).await.into_iter().map(answered).collect()
    }

    /// Waits until all that was submitted has been worked on.
    pub async fn finish(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

/// What was answered. A batch that panics answers nobody.
fn answered<T>(answer: Result<Result<T, Error>, oneshot::error::RecvError>) -> Result<T, Error> {
    answer.unwrap_or_else(|_| Err(Error::Internal("the work on a batch has ended early".into())))
}

impl<I: Item> Shared<I> {
    fn tenant(&self, item: &I) -> Tenant {
        self.hasher.hash_one(item.tenant())
    }

    fn key(&self, item: &I) -> Option<Key> {
        item.session().map(|session| self.hasher.hash_one(session))
    }

    fn lock(&self) -> MutexGuard<'_, State<I>> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

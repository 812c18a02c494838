//! Gathers what comes while a database is busy with what came before, so that it shares a statement and a commit.
//!
//! What finds nobody at work is done at once. What comes while a batch is under way waits for its end, but neither for long
//! nor beside many others, for whom another batch is begun: batches of one would keep a database busy with beginnings and
//! ends, and batches that hang on locked rows must not keep everybody waiting: whoever finds nobody but such at work does
//! not wait at all. A session that is changed is in the hands
//! of one worker at a time, so that a store never competes with itself for a session, and its changes are made in the order
//! in which they came. Knows no database.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    Error,
    change::{Change, Changed},
    session::{Id, TenantId},
};
use futures_util::{FutureExt, future::join_all};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};
use tokio_util::task::TaskTracker;

/// What can be gathered.
pub trait Item: Send + 'static {
    /// What comes of it.
    type Answer: Send + 'static;

    /// The session that one worker at a time may have in its hands; none where several may.
    fn session(&self) -> Option<(&TenantId, &Id)>;
}

impl Item for Change {
    type Answer = Changed;

    fn session(&self) -> Option<(&TenantId, &Id)> {
        Some((&self.tenant, &self.id))
    }
}

/// How much is gathered.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many batches are under way at once as long as none of them hangs. Too few, and the database waits for the
    /// service; too many, and batches are small.
    pub workers: usize,
    /// How many are at most, when they do hang.
    pub max_workers: usize,
    /// How many items have to wait before another batch is begun at once beside one that is under way. Too few, and batches
    /// are small; too many, and items wait for a batch while the database could do two.
    pub company: usize,
    /// How long an item waits for company at most, and after how long a batch counts as hanging.
    pub patience: Duration,
    /// How many items a batch has at most.
    pub max_batch: usize,
    /// How many items may wait. More are refused at once, before they would wait in vain.
    pub max_waiting: usize,
}

/// What comes of an item, or why nothing does.
pub type Outcome<I> = Result<<I as Item>::Answer, Error>;

type Outcomes<I> = Pin<Box<dyn Future<Output = Vec<Outcome<I>>> + Send>>;

/// Where items are gathered. Clones are the same one.
pub struct Gather<I: Item> {
    shared: Arc<Shared<I>>,
}

struct Shared<I: Item> {
    options: Options,
    hasher: RandomState,
    work: Box<dyn Fn(Vec<I>) -> Outcomes<I> + Send + Sync>,
    state: Mutex<State<I>>,
    workers: TaskTracker,
}

struct State<I: Item> {
    /// In the order in which they came.
    waiting: VecDeque<Waiting<I>>,
    /// How many of them were found to be about sessions that are taken, when that was last looked at.
    held: usize,
    /// Sessions that a worker has in its hands.
    taken: HashSet<Key>,
    workers: usize,
    /// When the batches that are under way began: few.
    begun: Vec<Instant>,
}

/// A session's hash. Two sessions of one hash, should there ever be such, keep out of each other's way for nothing.
type Key = u64;

struct Waiting<I: Item> {
    key: Option<Key>,
    item: I,
    answer: oneshot::Sender<Outcome<I>>,
}

/// What a worker has in its hands.
struct Batch<I: Item> {
    waiting: Vec<Waiting<I>>,
    taken: HashSet<Key>,
    begun: Instant,
}

impl<I: Item> Clone for Gather<I> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<I: Item> std::fmt::Debug for Gather<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gather").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl<I: Item> Gather<I> {
    /// Gathers for a function that does a batch and gives a result for each of its items, in order. It runs in tasks of its
    /// own, which nobody can drop half-way.
    pub fn new<F>(options: Options, work: impl Fn(Vec<I>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Outcome<I>>> + Send + 'static,
    {
        let state =
            State { waiting: VecDeque::new(), held: 0, taken: HashSet::new(), workers: 0, begun: Vec::new() };
        let shared = Shared {
            options,
            hasher: RandomState::new(),
            work: Box::new(move |items| Box::pin(work(items)) as Pin<Box<_>>),
            state: Mutex::new(state),
            workers: TaskTracker::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Has items done, and gives a result for each, in order. [`Error::Overloaded`] for all of them if there is no room.
    pub async fn submit(&self, items: Vec<I>) -> Vec<Outcome<I>> {
        let options = &self.shared.options;
        let mut answers = Vec::with_capacity(items.len());
        let is_next = {
            let mut state = self.shared.lock();
            if state.waiting.len() + items.len() > options.max_waiting.max(items.len()) {
                return items.iter().map(|_| Err(Error::Overloaded)).collect();
            }
            for item in items {
                let (answer, answered) = oneshot::channel();
                let key = item.session().map(|session| self.shared.hasher.hash_one(session));
                state.waiting.push_back(Waiting { key, item, answer });
                answers.push(answered);
            }
            let company = match state.workers - state.hanging(options.patience) {
                0 => 1,
                few if few < options.workers => options.company,
                _ => usize::MAX,
            };
            self.begin(&mut state, company) && state.waiting.len() <= options.max_batch
        };
        let mut answers = join_all(answers);
        // Whoever is in the batch that begins needs no timer, which would wake the thread that waits for the network.
        if !is_next {
            match timeout(options.patience, &mut answers).await {
                Ok(answers) => return told(answers),
                Err(_) => self.begin(&mut self.shared.lock(), 1),
            };
        }
        told(answers.await)
    }

    /// Begins another batch, if there may be one and so many items wait that nobody is known to hold up.
    fn begin(&self, state: &mut State<I>, company: usize) -> bool {
        let begins = state.workers < self.shared.options.max_workers
            && state.waiting.len() >= company.saturating_add(state.held);
        if begins {
            state.workers += 1;
            self.shared.workers.spawn(Shared::work(self.shared.clone()));
        }
        begins
    }

    /// Waits until everything that was to be done has been.
    pub async fn finish(&self) {
        self.shared.workers.close();
        self.shared.workers.wait().await;
    }
}

impl<I: Item> State<I> {
    /// How many batches have been under way for so long that nobody should wait for their end.
    fn hanging(&self, patience: Duration) -> usize {
        self.begun.iter().filter(|begun| begun.elapsed() >= patience).count()
    }
}

/// What was answered. A worker that panics answers nobody.
fn told<T>(answers: Vec<Result<Result<T, Error>, oneshot::error::RecvError>>) -> Vec<Result<T, Error>> {
    let lost = |_| Err(Error::Internal("the work on a batch has ended early".into()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
}

impl<I: Item> Shared<I> {
    /// Does batches until there is nothing left that nobody else has in its hands.
    async fn work(shared: Arc<Self>) {
        while let Some(batch) = shared.take() {
            let (items, answers): (Vec<_>, Vec<_>) =
                batch.waiting.into_iter().map(|waiting| (waiting.item, waiting.answer)).unzip();
            // A panic ends no worker: the answers are then dropped.
            let results = AssertUnwindSafe((shared.work)(items)).catch_unwind().await.unwrap_or_default();
            shared.release(&batch.taken, batch.begun);
            for (answer, result) in answers.into_iter().zip(results) {
                // Whoever is gone needs no answer.
                let _ = answer.send(result);
            }
        }
    }

    /// Takes the next batch and the sessions that it is about. Where there is none, there is one worker less, in the same
    /// moment: what comes in the next one finds a worker that will see it, or begins one.
    fn take(&self) -> Option<Batch<I>> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut held = Vec::new();
        let mut batch = Batch { waiting: Vec::new(), taken: HashSet::new(), begun: Instant::now() };
        while batch.waiting.len() < self.options.max_batch
            && let Some(waiting) = state.waiting.pop_front()
        {
            if waiting.key.is_some_and(|key| state.taken.contains(&key)) {
                held.push(waiting);
            } else {
                batch.taken.extend(waiting.key);
                batch.waiting.push(waiting);
            }
        }
        state.held = held.len();
        for waiting in held.into_iter().rev() {
            state.waiting.push_front(waiting);
        }
        if batch.waiting.is_empty() {
            state.workers -= 1;
            return None;
        }
        state.taken.extend(&batch.taken);
        state.begun.push(batch.begun);
        Some(batch)
    }

    fn release(&self, taken: &HashSet<Key>, begun: Instant) {
        let mut state = self.lock();
        state.held = 0;
        for key in taken {
            state.taken.remove(key);
        }
        if let Some(at) = state.begun.iter().position(|other| *other == begun) {
            state.begun.swap_remove(at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<I>> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

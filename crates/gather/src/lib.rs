//! Gathers changes that come while earlier ones are being written, so that they share a statement and a commit.
//!
//! Nobody waits for company: a change that finds a writer idle is written at once. A session is in the hands of one writer
//! at a time, so that a store never competes with itself for a session, and its changes are made in the order in which
//! they came. Knows changes and no database.

use std::{
    collections::HashSet,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    Error,
    change::{Change, Changed},
    session::{Id, TenantId},
};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

/// How much is gathered.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many batches are written at once. Too few, and the database waits for the service; too many, and batches are
    /// small.
    pub writers: usize,
    /// How many changes a batch has at most.
    pub max_batch: usize,
    /// How many changes may wait. More are refused at once, before they would wait in vain.
    pub max_waiting: usize,
}

/// Writes a batch, and gives a result for each of its changes, in order.
pub type Write =
    dyn Fn(Vec<Change>) -> Pin<Box<dyn Future<Output = Vec<Result<Changed, Error>>> + Send>> + Send + Sync;

/// Where changes are gathered. Clones are the same one.
#[derive(Clone)]
pub struct Gather {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    write: Box<Write>,
    state: Mutex<State>,
    writers: TaskTracker,
}

#[derive(Default)]
struct State {
    /// In the order in which they came.
    waiting: Vec<Waiting>,
    /// Sessions that a writer has in its hands.
    taken: HashSet<Key>,
    writers: usize,
}

type Key = (TenantId, Id);

struct Waiting {
    change: Change,
    answer: oneshot::Sender<Result<Changed, Error>>,
}

impl std::fmt::Debug for Gather {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gather").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Gather {
    /// Gathers for a function that writes. It runs in tasks of its own, which nobody can drop half-way.
    pub fn new<F>(options: Options, write: impl Fn(Vec<Change>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Result<Changed, Error>>> + Send + 'static,
    {
        let write = Box::new(move |changes| Box::pin(write(changes)) as Pin<Box<_>>);
        let shared = Shared { options, write, state: Mutex::default(), writers: TaskTracker::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Has changes made, and gives a result for each, in order. [`Error::Overloaded`] for all of them if there is no room.
    pub async fn change(&self, changes: Vec<Change>) -> Vec<Result<Changed, Error>> {
        let mut answers = Vec::with_capacity(changes.len());
        {
            let mut state = self.shared.lock();
            if state.waiting.len() + changes.len() > self.shared.options.max_waiting.max(changes.len()) {
                return changes.iter().map(|_| Err(Error::Overloaded)).collect();
            }
            for change in changes {
                let (answer, answered) = oneshot::channel();
                state.waiting.push(Waiting { change, answer });
                answers.push(answered);
            }
            if state.writers < self.shared.options.writers && !answers.is_empty() {
                state.writers += 1;
                self.shared.writers.spawn(Shared::write(self.shared.clone()));
            }
        }
        let mut results = Vec::with_capacity(answers.len());
        for answer in answers {
            // A writer that panics answers nobody.
            let lost = |_| Err(Error::Internal("the writer of a batch has ended early".into()));
            results.push(answer.await.unwrap_or_else(lost));
        }
        results
    }

    /// Waits until everything that was to be written has been.
    pub async fn finish(&self) {
        self.shared.writers.close();
        self.shared.writers.wait().await;
    }
}

impl Shared {
    /// Writes batches until there is nothing left that nobody else has in its hands.
    async fn write(shared: Arc<Self>) {
        while let Some((batch, taken)) = shared.take() {
            let (changes, answers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.change, waiting.answer)).unzip();
            // In a task of its own, so that a panic ends no writer: the answers are then dropped.
            let results = tokio::spawn((shared.write)(changes)).await.unwrap_or_default();
            shared.release(&taken);
            for (answer, result) in answers.into_iter().zip(results) {
                // Whoever is gone needs no answer.
                let _ = answer.send(result);
            }
        }
    }

    /// Takes the next batch and the sessions that it is about. Where there is none, there is one writer less, in the same
    /// moment: what comes in the next one finds a writer that will see it, or begins one.
    fn take(&self) -> Option<(Vec<Waiting>, Vec<Key>)> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let (mut batch, mut rest, mut own) = (Vec::new(), Vec::new(), HashSet::new());
        for waiting in state.waiting.drain(..) {
            let key = (waiting.change.tenant.clone(), waiting.change.id.clone());
            let is_free = own.contains(&key) || !state.taken.contains(&key);
            if batch.len() < self.options.max_batch && is_free {
                own.insert(key);
                batch.push(waiting);
            } else {
                rest.push(waiting);
            }
        }
        state.waiting = rest;
        if batch.is_empty() {
            state.writers -= 1;
            return None;
        }
        state.taken.extend(own.iter().cloned());
        Some((batch, own.into_iter().collect()))
    }

    fn release(&self, taken: &[Key]) {
        let mut state = self.lock();
        for key in taken {
            state.taken.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

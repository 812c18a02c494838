//! Results that wait for their caller, between the task that makes them and the stream that is polled when the connection has
//! room for another message. What waits belongs to the task: it can let go of it when nobody comes for it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use budget::{FREE_BYTES, Share};
use channel_session_api::v1::UpdateDataResult;
use prost::Message;
use tokio::sync::Notify;
use tonic::Status;

/// Clones are the same ones.
#[derive(Clone, Default)]
pub(super) struct Results(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Signals to the task that the caller takes something.
    taken: Notify,
    /// Signals to the caller that there is something to take.
    filled: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<UpdateDataResult>,
    /// What they take, those on their way included.
    share: Option<Share>,
    /// Whether the caller has taken all of them, and asks for more.
    is_asked: bool,
    /// How many have been taken, and how large the last one was.
    taken: u64,
    last_bytes: usize,
    /// How the stream ends, when nothing waits.
    end: Option<Result<(), Status>>,
}

impl Results {
    /// Takes what is next, or the end.
    pub(super) async fn next(&self) -> Option<Result<UpdateDataResult, Status>> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.0.filled.notified().await;
        }
    }

    /// None if there is nothing yet.
    fn take(&self) -> Option<Option<Result<UpdateDataResult, Status>>> {
        let mut state = self.lock();
        let next = state.waiting.pop_front();
        match &next {
            Some(result) => {
                state.taken += 1;
                state.last_bytes = result.encoded_len();
            }
            None => {
                // Those that were taken are on their way.
                state.share = None;
                state.is_asked = true;
            }
        }
        self.0.taken.notify_one();
        match next {
            Some(result) => Some(Some(Ok(result))),
            None => state.end.take().map(|end| end.err().map(Err)),
        }
    }

    /// Waits until all have been taken and more are asked for. `false` if none was taken for too long: for `timeout`, or for
    /// `long` behind a large one, parts of which may still be on their way over a slow line.
    pub(super) async fn asked(&self, timeout: Duration, long: Duration) -> bool {
        loop {
            let (taken, timeout) = {
                let state = self.lock();
                if state.is_asked {
                    return true;
                }
                (state.taken, if state.last_bytes > FREE_BYTES { long.max(timeout) } else { timeout })
            };
            let late = tokio::time::timeout(timeout, self.0.taken.notified()).await.is_err();
            let state = self.lock();
            if late && !state.is_asked && state.taken == taken {
                return false;
            }
        }
    }

    /// Has results wait for the caller, with what they take.
    pub(super) fn fill(&self, results: Vec<UpdateDataResult>, share: Share) {
        let mut state = self.lock();
        state.is_asked = results.is_empty();
        state.share = (!results.is_empty()).then_some(share);
        state.waiting = results.into();
        self.0.filled.notify_one();
    }

    /// Ends the stream, and lets go of what waits.
    pub(super) fn end(&self, end: Result<(), Status>) {
        let mut state = self.lock();
        state.waiting = VecDeque::new();
        state.share = None;
        state.end = Some(end);
        self.0.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

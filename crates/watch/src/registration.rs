//! A watcher's registration with the tail.

use std::sync::Arc;

use domain::Error;
use tokio::sync::Notify;

use crate::{
    state::{Boundary, Next, Phase},
    tail::Tail,
};

/// A watcher's registration with the tail. Dropped, it ends.
pub(crate) struct Registration {
    tail: Tail,
    number: u64,
    pub(crate) notify: Arc<Notify>,
}

impl Registration {
    pub(crate) fn new(tail: Tail, number: u64, notify: Arc<Notify>) -> Self {
        Self { tail, number, notify }
    }

    /// Waits for a poll that begins after this call, and returns where it ended. So the position is behind everything that
    /// was acknowledged before, and behind every position that was given before.
    pub(crate) async fn next_poll(&self) -> Result<Boundary, Error> {
        let mut polls = self.tail.polls();
        let begun = {
            let mut state = self.tail.lock();
            state.set_phase(self.number, Phase::Joining);
            state.begun
        };
        self.tail.wake();
        loop {
            if let Some((poll, ended)) = &self.tail.lock().ended
                && *poll > begun
            {
                return ended.clone();
            }
            // The tail keeps the sender for as long as there is a watcher.
            let _ = polls.changed().await;
        }
    }

    /// Has the tail deliver everything behind a boundary. `false` if not all of that is kept any more.
    pub(crate) fn join(&self, boundary: &Boundary) -> bool {
        self.tail.lock().join(self.number, boundary)
    }

    /// Takes what is next for a watcher that has joined.
    pub(crate) fn take(&self) -> Next {
        self.tail.lock().take(self.number)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.tail.lock().unregister(self.number);
    }
}

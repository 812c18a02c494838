//! A watcher's place in the tail's list.

use std::sync::Arc;

use domain::Error;
use tokio::sync::Notify;

use crate::{
    state::{Attention, Boundary, Next},
    tail::Tail,
};

/// A watcher's place in the tail's list. Dropped, it is taken off.
pub(crate) struct Listing {
    tail: Tail,
    number: u64,
    pub(crate) notify: Arc<Notify>,
}

impl Listing {
    pub(crate) fn new(tail: Tail, number: u64, notify: Arc<Notify>) -> Self {
        Self { tail, number, notify }
    }

    /// Waits for a look that begins after this call, and returns where it ended. So the position is behind everything that
    /// was acknowledged before, and behind every position that was given before.
    pub(crate) async fn next_look(&self) -> Result<Boundary, Error> {
        let mut looks = self.tail.looks();
        let begun = {
            let mut state = self.tail.lock();
            state.attend(self.number, Attention::Joining);
            state.begun
        };
        self.tail.wake();
        loop {
            if let Some((look, ended)) = &self.tail.lock().ended
                && *look > begun
            {
                return ended.clone();
            }
            // The tail keeps the sender for as long as there is a watcher.
            let _ = looks.changed().await;
        }
    }

    /// Has the watcher told of everything behind a boundary. `false` if not all of that is kept any more.
    pub(crate) fn join(&self, boundary: &Boundary) -> bool {
        self.tail.lock().join(self.number, boundary)
    }

    /// Takes what is next for a watcher that has joined.
    pub(crate) fn take(&self) -> Next {
        self.tail.lock().take(self.number)
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        self.tail.lock().unlist(self.number);
    }
}

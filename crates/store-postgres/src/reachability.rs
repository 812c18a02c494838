//! Whether the database can be reached at all, so that calls need not find out one by one.
//!
//! Where a connection was lost without a word of the server's, another one is tried beside the calls. While none comes to be,
//! calls are refused at once, and attempts go on until one does. A server that answers anything, be it a refusal, is reached.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{task::JoinSet, time::sleep};

use crate::{error::is_answer, target::Target};

/// How long an attempt has before the database counts as unreachable, and how often another one is begun beside those that are
/// under way. Too short, and a slow network counts as none; too long, and calls wait that could be refused, and are refused
/// that could be made.
const ATTEMPT: Duration = Duration::from_millis(500);

/// Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reachability(Arc<Mutex<State>>);

#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum State {
    #[default]
    Reachable,
    /// It is being found out.
    InDoubt,
    /// It is not, for this.
    Unreachable(String),
    /// Nobody asks any more.
    Closed,
}

impl Reachability {
    /// # Errors
    /// While the database is known to be unreachable, the connection's error.
    pub(crate) fn check(&self) -> Result<(), sqlx::Error> {
        match &*self.lock() {
            State::Unreachable(cause) => Err(sqlx::Error::Io(io::Error::other(cause.clone()))),
            State::Reachable | State::InDoubt | State::Closed => Ok(()),
        }
    }

    /// A server did not answer: has it found out whether any does.
    pub(crate) fn doubt(&self, target: &Target, error: &sqlx::Error) {
        let mut state = self.lock();
        if *state == State::Reachable && !is_answer(error) {
            *state = State::InDoubt;
            tokio::spawn(self.clone().find_out(target.clone()));
        }
    }

    /// Ends the attempts.
    pub(crate) fn close(&self) {
        *self.lock() = State::Closed;
    }

    /// Tries until a server answers.
    async fn find_out(self, target: Target) {
        let mut attempts = JoinSet::new();
        while *self.lock() != State::Closed {
            let attempted = target.clone();
            attempts.spawn(async move { attempted.connect().await.map(drop) });
            let next = sleep(ATTEMPT);
            tokio::pin!(next);
            loop {
                tokio::select! {
                    Some(Ok(attempt)) = attempts.join_next() => match attempt {
                        Err(error) if !is_answer(&error) => self.mark_unreachable(error.to_string()),
                        Ok(()) | Err(_) => return self.reached(),
                    },
                    () = &mut next => break,
                }
            }
            let silent = format!("the database has not let anybody connect for {} ms", ATTEMPT.as_millis());
            if *self.lock() == State::InDoubt {
                self.mark_unreachable(silent);
            }
        }
    }

    fn mark_unreachable(&self, cause: String) {
        let mut state = self.lock();
        if *state != State::Closed {
            *state = State::Unreachable(cause);
        }
    }

    fn reached(&self) {
        let mut state = self.lock();
        if *state != State::Closed {
            *state = State::Reachable;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

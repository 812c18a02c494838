//! Signals: what happens inside, as a closed set. Each is sent where it happens, and costs next to nothing there.

use std::{sync::OnceLock, time::Duration};

use crate::Statement;

/// What happens inside. A new kind is met by every recorder, since none may have a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A batch was worked on.
    Batch {
        /// What it was made of, such as `commands`.
        of: &'static str,
        /// How many of them.
        size: usize,
        /// How long the first of them had waited.
        waited: Duration,
        /// How long the work took.
        took: Duration,
    },
    /// A store's statement came to an end.
    Statement {
        /// Which one.
        statement: Statement,
        /// How long it took, the wait for a connection included where it makes its own.
        took: Duration,
        /// Whether it was answered, whatever the answer said.
        is_ok: bool,
    },
    /// Sessions were changed by somebody else between reading and writing; their commands are decided again.
    LostRaces(usize),
    /// Commands whose request id had come before were answered as then.
    Replays(usize),
    /// A caller was told that the outcome of its change is unknown.
    OutcomeUnknown,
    /// Events are about to be delivered to those who watch; so long ago the oldest of them was asked for.
    EventLag(Duration),
    /// Somebody watches.
    WatchBegan,
    /// Somebody who watched does not any longer.
    WatchEnded,
    /// Events behind a position may have expired, so that nobody can go on from it.
    PositionExpired,
    /// A position is none of this store's, so that nobody can go on from it.
    PositionUnknown,
    /// Retention has deleted events.
    DeletedEvents(usize),
    /// Retention has deleted idempotency records.
    DeletedIdempotencyRecords(usize),
    /// Retention has deleted sessions that had ended.
    DeletedSessions(usize),
    /// So many lines of the log were dropped, since nobody read them in time.
    DroppedLogLines(u64),
}

/// Makes something of signals, such as metrics. Called where they happen, on threads that others need: it must not wait.
pub trait Recorder: Send + Sync + 'static {
    /// Takes note of a signal.
    fn record(&self, signal: Signal);
}

static RECORDER: OnceLock<Box<dyn Recorder>> = OnceLock::new();

/// Has all signals of the process recorded from now on. `false` if there is a recorder already, which stays.
pub fn install(recorder: impl Recorder) -> bool {
    RECORDER.set(Box::new(recorder)).is_ok()
}

/// Says that something happened: to the recorder, where there is one, and to the log at the level trace.
pub fn signal(signal: Signal) {
    if let Some(recorder) = RECORDER.get() {
        recorder.record(signal);
    }
    tracing::trace!(?signal, "signal");
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::statement;

    static RECORDED: Mutex<Vec<Signal>> = Mutex::new(Vec::new());

    struct Test;

    impl Recorder for Test {
        fn record(&self, signal: Signal) {
            RECORDED.lock().unwrap_or_else(PoisonError::into_inner).push(signal);
        }
    }

    #[tokio::test]
    async fn what_is_signalled_comes_to_the_one_recorder_that_was_installed() {
        signal(Signal::LostRaces(1));
        assert!(install(Test));
        assert!(!install(Test));
        signal(Signal::LostRaces(2));
        crate::error(&domain::Error::DeadlineExceeded(domain::Outcome::Unknown));
        crate::error(&domain::Error::DeadlineExceeded(domain::Outcome::NotApplied));
        assert_eq!(statement(Statement::List, async { Err::<(), _>("no") }).await, Err("no"));
        let recorded = RECORDED.lock().unwrap_or_else(PoisonError::into_inner);
        let [lost, unknown, Signal::Statement { statement, is_ok: false, .. }] = recorded[..] else {
            panic!("{recorded:?}");
        };
        assert_eq!(
            (lost, unknown, statement),
            (Signal::LostRaces(2), Signal::OutcomeUnknown, Statement::List)
        );
    }
}

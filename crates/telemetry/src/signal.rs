//! Signals: what happens inside, as a closed set. Each is sent where it happens, and costs next to nothing there.

use std::{sync::OnceLock, time::Duration};

use crate::{
    Statement,
    call::{Ended, Port},
};

/// What happens inside. A new kind is met by every recorder, since none may have a wildcard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// A call came in.
    CallBegan(Port),
    /// A call came to its end, or nobody waits for it any longer.
    CallEnded(Ended),
    /// Somebody could not say who they are, by what kind of credentials, such as `token`.
    Unauthenticated(&'static str),
    /// A call was refused since its tenant makes more of them than it may: of what kind the quota is.
    OverQuota(&'static str),
    /// So many items wait for a batch.
    Queue {
        /// What they are, such as `commands`.
        of: &'static str,
        /// How many of them.
        waiting: usize,
    },
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
    /// The connections of a database's pool that are in use.
    ConnectionsInUse {
        /// What the pool is for, such as `changes`.
        pool: &'static str,
        /// How many there are.
        used: usize,
        /// How many there may be.
        max: usize,
    },
    /// A connection of a pool was waited for.
    ConnectionWait {
        /// What the pool is for.
        pool: &'static str,
        /// For how long.
        took: Duration,
        /// Whether there was one in the end.
        is_ok: bool,
    },
    /// Of the sessions of a round, so many were known from the last writes, and so many were read.
    SessionCache {
        /// Those that were known.
        hits: usize,
        /// Those that were not.
        misses: usize,
    },
    /// Sessions were changed by somebody else between reading and writing; their commands are decided again.
    LostRaces(usize),
    /// Commands whose request id had come before were answered as then.
    Replays(usize),
    /// A caller was answered with an unknown outcome of its change.
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
    /// Whether the process can serve.
    Ready(bool),
    /// A certificate and those of its issuers are valid until then, in seconds since the epoch.
    CertificateExpiry {
        /// Whose it is: `server`, or `client` for that which is shown to a service.
        of: &'static str,
        /// When.
        at: i64,
    },
    /// Files were looked at, which are read again when they change.
    Followed {
        /// What they hold.
        of: &'static str,
        /// Whether they are wrong now, so that what they held before goes on to hold.
        is_wrong: bool,
    },
    /// Files were read again, or could not be.
    Reload {
        /// What they hold.
        of: &'static str,
        /// Whether it is taken.
        is_ok: bool,
    },
    /// Something was sent to a collector of OpenTelemetry's, or could not be.
    Exported {
        /// What it was.
        of: Exported,
        /// How many of them.
        items: usize,
        /// Why the collector did not take them, out of [`Exported::FAILURES`]; none where it did.
        failure: Option<&'static str>,
    },
    /// So many lines of the log were dropped, since nobody read them in time.
    DroppedLogLines(u64),
}

/// What is sent to a collector of OpenTelemetry's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// Spans of traces.
    Spans,
    /// Data points of metrics.
    DataPoints,
}

impl Exported {
    /// It took too long, as long as it may.
    pub const TIMEOUT: &'static str = "timeout";
    /// There was no connection, or it broke.
    pub const UNREACHABLE: &'static str = "unreachable";
    /// The collector answered that it does not take them, or not all of them.
    pub const REJECTED: &'static str = "rejected";

    /// Why something is not taken, from a closed set.
    pub const FAILURES: [&'static str; 3] = [Self::TIMEOUT, Self::UNREACHABLE, Self::REJECTED];
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
    use crate::{statement, write_statement};

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
        assert_eq!(write_statement(async { Err::<(), _>("no") }).await, Err("no"));
        let refused =
            statement(Statement::Events, async { Err::<(), _>(domain::Error::PositionExpired) }).await;
        assert!(refused.is_err());
        let recorded = RECORDED.lock().unwrap_or_else(PoisonError::into_inner);
        let [
            Signal::LostRaces(2),
            Signal::OutcomeUnknown,
            Signal::Statement { statement: Statement::Write, is_ok: false, .. },
            Signal::Statement { statement: Statement::Events, is_ok: true, .. },
        ] = recorded[..]
        else {
            panic!("{recorded:?}");
        };
    }
}

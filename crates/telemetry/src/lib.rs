//! What the process says of its work: a call's log line, request id and trace, the audit log, and signals of what happens
//! inside.
//!
//! Whoever has something to say says it here, and what becomes of it is decided here: batcher, stores and watch know no
//! metric and no exporter. Knows no transport beyond the headers that a call brings.

pub mod attribute;
pub mod audit;
pub mod call;
mod commands;
mod once_per_second;
mod signal;
mod statement;
pub mod trace;

pub use commands::{lost_races, replays, session_cache};
pub use signal::{Exported, Recorder, Signal, install, signal};
pub use statement::{Statement, statement, write_statement};

use domain::{Error, Outcome};
use once_per_second::OncePerSecond;

/// Says of an error what its caller does not get: the cause of what is none of the caller's making goes to the log. To
/// be called once for each error, by whoever answers with it. While the store is unavailable, every call fails by one
/// cause, which is logged once a second.
pub fn error(error: &Error) {
    if let Error::Internal(cause) = error {
        tracing::error!(%cause, "internal error");
    } else if let Error::StoreUnavailable { cause, .. } = error {
        static UNAVAILABLE: OncePerSecond = OncePerSecond::new();
        if UNAVAILABLE.is_due() {
            tracing::warn!(%cause, "the store is unavailable");
        } else {
            tracing::debug!(%cause, "the store is unavailable");
        }
    }
    if error.outcome() == Outcome::Unknown {
        signal(Signal::OutcomeUnknown);
    }
}

//! From what the driver says to what the service says of it. The driver's errors end here.

use domain::{Error, Outcome, working::Refusal};

/// A statement that only reads failed.
pub(crate) fn of_read(error: sqlx::Error) -> Error {
    of_statement(error, Outcome::NotApplied)
}

/// A statement that writes failed, after it had been sent.
pub(crate) fn of_write(error: sqlx::Error) -> Error {
    of_statement(error, Outcome::Unknown)
}

/// The same of one that writes changes.
pub(crate) fn refusal(error: sqlx::Error) -> Refusal {
    if is_conflict(&error) { Refusal::Conflict } else { Refusal::Error(of_write(error)) }
}

/// The store is away.
pub(crate) fn unavailable(error: sqlx::Error, outcome: Outcome) -> Error {
    Error::StoreUnavailable { outcome, cause: error.into() }
}

/// Whether the database undid a statement for the sake of another one, or because of what another one has just stored.
fn is_conflict(error: &sqlx::Error) -> bool {
    // serialization_failure, deadlock_detected, unique_violation
    matches!(code(error).as_deref(), Some("40001" | "40P01" | "23505"))
}

fn of_statement(error: sqlx::Error, lost: Outcome) -> Error {
    let Some(code) = code(&error) else {
        let is_away = matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
        );
        return if is_away { unavailable(error, lost) } else { Error::Internal(error.into()) };
    };
    // The connection ended while the statement was under way: connection exceptions, shutdowns, crashes.
    let was_cut_off = code.starts_with("08") || code.starts_with("57P");
    // The database refused for now and did nothing: resources, a statement that was cancelled, read-only (a standby,
    // or a primary that has just become one).
    let refused = code.starts_with("53") || matches!(&*code, "57014" | "25006");
    if was_cut_off {
        unavailable(error, lost)
    } else if refused {
        unavailable(error, Outcome::NotApplied)
    } else {
        Error::Internal(error.into())
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

//! From what the driver says to what the service says of it. The driver's errors end here.

use domain::{Error, Outcome};

/// No connection could be had, so nothing was sent.
pub(crate) fn of_acquire(error: sqlx::Error) -> Error {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        // Connections to a file are there at once: others hold them all.
        Error::Overloaded
    } else {
        unavailable(error, Outcome::NotApplied)
    }
}

/// A statement that only reads failed.
pub(crate) fn of_read(error: sqlx::Error) -> Error {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        of_acquire(error)
    } else {
        of_statement(error, Outcome::NotApplied)
    }
}

/// A statement that writes, or the commit of a transaction, failed.
pub(crate) fn of_write(error: sqlx::Error) -> Error {
    of_statement(error, Outcome::Unknown)
}

/// The store is away.
pub(crate) fn unavailable(error: sqlx::Error, outcome: Outcome) -> Error {
    Error::StoreUnavailable { outcome, cause: error.into() }
}

fn of_statement(error: sqlx::Error, lost: Outcome) -> Error {
    // SQLite's primary result codes, which are the lowest byte of the extended ones.
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const READ_ONLY: i32 = 8;
    const IO_ERROR: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    let Some(database) = error.as_database_error() else {
        let is_away =
            matches!(error, sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Io(_));
        return if is_away { unavailable(error, lost) } else { Error::Internal(error.into()) };
    };
    match database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0) & 0xff {
        // Another process holds the file for longer than is waited for.
        BUSY | LOCKED => Error::Overloaded,
        IO_ERROR => unavailable(error, lost),
        // The transaction was undone.
        READ_ONLY | FULL | CANNOT_OPEN => unavailable(error, Outcome::NotApplied),
        _ => Error::Internal(error.into()),
    }
}

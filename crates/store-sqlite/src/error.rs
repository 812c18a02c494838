//! From what the driver says to what the service says of it. The driver's errors end here.

use domain::{Error, Outcome, batch::Refusal};

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

/// A transaction of commands failed.
pub(crate) fn refusal(error: sqlx::Error) -> Refusal {
    if is_conflict(&error) { Refusal::Conflict } else { Refusal::Error(of_write(error)) }
}

/// The store is unavailable.
pub(crate) fn unavailable(error: sqlx::Error, outcome: Outcome) -> Error {
    Error::StoreUnavailable { outcome, cause: error.into() }
}

/// Whether another connection holds what is asked for.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(BUSY | LOCKED))
}

/// Whether there is no room for a write: on the disk, or of what the process may have.
pub(crate) fn is_full(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(FULL) || matches!(code(error), Some(IO_ERROR_WRITE | IO_ERROR_SHM_SIZE))
}

/// Whether what failed at the start may go well by itself later.
pub(crate) fn is_transient(error: &sqlx::Error) -> bool {
    is_busy(error) || is_full(error) || primary_code(error) == Some(IO_ERROR)
}

/// Whether another process has written what a statement counted on. An event is stored with its session's row, so one that
/// stands in the way is nobody's work of this moment: the two tables do not fit together, and trying again would find it so.
fn is_conflict(error: &sqlx::Error) -> bool {
    let is_about_event =
        || error.as_database_error().is_some_and(|error| error.message().contains("channel_session_event."));
    match code(error) {
        Some(NOT_NULL) => true,
        Some(PRIMARY_KEY | UNIQUE) => !is_about_event(),
        Some(_) | None => false,
    }
}

// SQLite's primary result codes, which are the lowest byte of the extended ones.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const IO_ERROR: i32 = 10;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;

// Extended ones: no room to write.
const IO_ERROR_WRITE: i32 = 778;
const IO_ERROR_SHM_SIZE: i32 = 4874;

// Broken constraints.
const NOT_NULL: i32 = 1299;
const PRIMARY_KEY: i32 = 1555;
const UNIQUE: i32 = 2067;

fn of_statement(error: sqlx::Error, lost: Outcome) -> Error {
    let is_unavailable =
        matches!(error, sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Io(_));
    match primary_code(&error) {
        None if is_unavailable => unavailable(error, lost),
        Some(IO_ERROR) => unavailable(error, lost),
        // The transaction was undone; or not begun, where another process holds the file for longer than is waited for.
        Some(READ_ONLY | FULL | CANNOT_OPEN | BUSY | LOCKED) => unavailable(error, Outcome::NotApplied),
        Some(_) | None => Error::Internal(error.into()),
    }
}

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    Some(code(error)? & 0xff)
}

fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

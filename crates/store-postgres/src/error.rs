//! From what the driver says to what the service says of it. The driver's errors end here.

use domain::{
    Error, Outcome,
    batch::Refusal,
    error::{Denied, Source},
};
use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

/// A statement that only reads failed.
pub(crate) fn of_read(error: sqlx::Error) -> Error {
    of_statement(error, Outcome::NotApplied)
}

/// A statement that writes failed, after it had been sent.
pub(crate) fn of_write(error: sqlx::Error) -> Error {
    of_statement(error, Outcome::Unknown)
}

/// The same of one that writes commands.
pub(crate) fn refusal(error: sqlx::Error) -> Refusal {
    if is_conflict(&error) {
        Refusal::Conflict
    } else if code(&error).is_none() && !matches!(error, sqlx::Error::Encode(_)) {
        // Not the database's word: the statement may have been carried out, and must not be sent again in parts.
        Refusal::Error(unavailable(error, Outcome::Unknown))
    } else {
        Refusal::Error(of_write(error))
    }
}

/// The connection ended before something else was sent on it.
pub(crate) fn connection_lost() -> Error {
    let cause = "the connection to the database ended with another statement".into();
    Error::StoreUnavailable { outcome: Outcome::NotApplied, cause }
}

/// The store is unavailable.
pub(crate) fn unavailable(error: sqlx::Error, outcome: Outcome) -> Error {
    Error::StoreUnavailable { outcome, cause: cause(error) }
}

/// What the log says of an error. The driver adds the line of PostgreSQL's own source that raised it, which looks like
/// one of theirs.
pub(crate) fn cause(error: sqlx::Error) -> Source {
    let raised =
        error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>()?.line());
    let text = error.to_string();
    match raised.and_then(|line| text.strip_suffix(&format!(" at line {line}"))) {
        Some(text) => text.into(),
        None => error.into(),
    }
}

/// Whether what failed at the start may go well by itself later: the database is unavailable, has yet to start or to be promoted,
/// takes no more connections, or somebody holds a lock. A wrong password or a missing database stay.
pub(crate) fn is_transient(error: &sqlx::Error) -> bool {
    match code(error) {
        Some(code) => {
            ["08", "53", "57P"].iter().any(|class| code.starts_with(class))
                || matches!(&*code, "25006" | "40001" | "40P01" | "55P03" | "57014")
        }
        None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed),
    }
}

/// Whether the database undid a statement for the sake of another one, or because of what another one has just stored.
fn is_conflict(error: &sqlx::Error) -> bool {
    // An event is stored with its session's row, so one that stands in the way is nobody's work of this moment: the two
    // tables do not fit together, and trying again would find it so.
    // serialization_failure, deadlock_detected, unique_violation
    match code(error).as_deref() {
        Some("40001" | "40P01") => true,
        Some("23505") => !is_about_event(error),
        _ => false,
    }
}

/// Whether a lock of somebody else's was in the way, and the database did nothing.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    // lock_not_available
    code(error).as_deref() == Some("55P03")
}

/// Whether the connection on which a statement failed is good for another one. It is not where it has ended or is about to,
/// and not where it leads to a server that takes no writes, or to a pooler that does not keep what was prepared.
pub(crate) fn leaves_connection_sound(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| {
        let ends = code.starts_with("08") || (code.starts_with("57") && code != "57014") || code == IDLE;
        !ends && code != READ_ONLY && !is_unprepared(&code)
    })
}

/// Whether an error is a server's word, and not the lack of one. A server that is starting has none for anybody.
pub(crate) fn is_answer(error: &sqlx::Error) -> bool {
    // cannot_connect_now
    let is_word = !matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed);
    is_word && code(error).as_deref() != Some("57P03")
}

/// read_only_sql_transaction: a standby, or a primary that has just become one.
const READ_ONLY: &str = "25006";

/// idle_in_transaction_session_timeout: this process did not go on with a transaction, as when it was paused, and the connection
/// is closed.
const IDLE: &str = "25P03";

/// insufficient_privilege
pub(crate) const DENIED: &str = "42501";

/// invalid_sql_statement_name, duplicate_prepared_statement: what was prepared belongs to another connection.
fn is_unprepared(code: &str) -> bool {
    matches!(code, "26000" | "42P05")
}

fn is_about_event(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(DatabaseError::table) == Some("channel_session_event")
}

/// How a defect stands in the log. An event's key names the row; what PostgreSQL says of other rows may hold values.
fn defect(error: sqlx::Error) -> Error {
    let key = error
        .as_database_error()
        .filter(|_| is_about_event(&error))
        .and_then(|it| it.try_downcast_ref::<PgDatabaseError>()?.detail());
    match key {
        Some(key) => {
            Error::Internal(format!("an event without its session's revision is in the way: {key}").into())
        }
        None => Error::Internal(cause(error)),
    }
}

fn of_statement(error: sqlx::Error, lost: Outcome) -> Error {
    let Some(code) = code(&error) else {
        let is_unavailable = matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
        );
        return if is_unavailable { unavailable(error, lost) } else { Error::Internal(cause(error)) };
    };
    // The connection ended while the statement was under way: connection exceptions, shutdowns, crashes.
    let was_cut_off = code.starts_with("08") || code.starts_with("57P");
    // The database refused for now and did nothing: resources, a statement that was cancelled, a lock, read-only, a transaction
    // that this process left open for too long.
    let refused = code.starts_with("53") || matches!(&*code, "57014" | "55P03" | READ_ONLY | IDLE);
    if is_unprepared(&code) {
        let error = cause(error);
        let cause = format!(
            "a pooler between here and PostgreSQL does not keep prepared statements: set max_prepared_statements of \
             PgBouncer (1.21 or later) above 0, or have it pool sessions: {error}"
        );
        Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: cause.into() }
    } else if code == DENIED {
        let cause = Denied(cause(error).to_string()).into();
        Error::StoreUnavailable { outcome: Outcome::NotApplied, cause }
    } else if was_cut_off {
        unavailable(error, lost)
    } else if refused {
        unavailable(error, Outcome::NotApplied)
    } else {
        defect(error)
    }
}

pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

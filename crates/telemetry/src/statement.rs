//! What stores ask of their databases, by the names of the files that do.

use std::time::Instant;

use domain::Error;
use tracing::Instrument;

use crate::{Signal, signal, trace};

/// What a store asks of its database. Both stores have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statement {
    /// Reads the sessions that commands are about.
    Load,
    /// Writes what became of them.
    Write,
    /// Reads sessions by their ids.
    Get,
    /// Reads a page of sessions.
    List,
    /// Reads a session's past.
    History,
    /// Reads the present position.
    Position,
    /// Reads events behind a position.
    Events,
    /// Deletes what has expired.
    Expire,
    /// Reads which sessions have ended.
    Ended,
    /// Reads the clock.
    Now,
}

impl Statement {
    /// Its name, for people and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Write => "write",
            Self::Get => "get",
            Self::List => "list",
            Self::History => "history",
            Self::Position => "position",
            Self::Events => "events",
            Self::Expire => "expire",
            Self::Ended => "ended",
            Self::Now => "now",
        }
    }
}

/// Waits for a statement, in a span of its own, and says how long it took. What its caller cannot have, such as events behind a
/// position that is not kept, is no failure of the database's.
///
/// # Errors
/// Those of the statement.
pub async fn statement<T>(
    statement: Statement,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timed(statement, work, Error::is_failure).await
}

/// The same for [`Statement::Write`], whose errors are all the database's own.
///
/// # Errors
/// Those of the statement.
pub async fn write_statement<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    timed(Statement::Write, work, |_| true).await
}

async fn timed<T, E>(
    statement: Statement,
    work: impl Future<Output = Result<T, E>>,
    is_failure: impl Fn(&E) -> bool + Copy,
) -> Result<T, E> {
    let since = Instant::now();
    let work = work.instrument(tracing::trace_span!("statement", name = statement.as_str()));
    let result = trace::statement(statement.as_str(), work, is_failure).await;
    let is_ok = !result.as_ref().is_err_and(is_failure);
    signal(Signal::Statement { statement, took: since.elapsed(), is_ok });
    result
}

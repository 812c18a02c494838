//! Positions: the number up to which events have been delivered. One write comes after the other, so no more is needed.

use domain::{Error, event::Position, violation::Violation};
use sqlx::SqlitePool;

use crate::error;

/// The prefix of a position, by which those of another store or another form are recognised.
const FORM: &str = "s1~";

/// The number of the last event there ever was, as SQLite keeps it for the table.
const LAST: &str = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'channel_session_event'";

/// The position behind all that is committed.
pub(crate) async fn now(readers: &SqlitePool) -> Result<Position, Error> {
    let last = sqlx::query_scalar(LAST).fetch_one(readers).await.map_err(error::of_read)?;
    Ok(behind(last))
}

/// The position behind an event.
pub(crate) fn behind(number: i64) -> Position {
    Position::new(format!("{FORM}{number}"))
}

/// The number in a position that a caller gives.
pub(crate) fn parse(position: &Position) -> Result<i64, Error> {
    let number = position.as_str().strip_prefix(FORM).and_then(|number| number.parse().ok());
    number.filter(|number| *number >= 0).ok_or_else(unknown)
}

/// The error for a position that is not one of this database's.
pub(crate) fn unknown() -> Error {
    let description = "must be a position that this service gave with an event, whole as it was given";
    Error::InvalidParameter(Violation::new("position", "position", description))
}

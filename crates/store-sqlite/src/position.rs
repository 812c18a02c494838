//! Positions: the number up to which events have been delivered, and the epoch that was the latest then. One write comes
//! after the other, so no more is needed.

use domain::{Error, Outcome, event::Position, violation::Violation};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

use crate::error;

/// The number of the last event there ever was, as SQLite keeps it for the table, and the latest epoch.
macro_rules! now_columns {
    () => {
        "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'channel_session_event'), 0) AS last,
         (SELECT id FROM channel_session_epoch ORDER BY number DESC LIMIT 1) AS epoch"
    };
}
pub(crate) use now_columns;

/// The position behind all that is committed.
pub(crate) async fn now(readers: &SqlitePool) -> Result<Position, Error> {
    let row = sqlx::query(concat!("SELECT ", now_columns!())).fetch_one(readers).await;
    let now = row.and_then(|row| Now::read(&row)).map_err(error::of_read)?;
    Ok(Cursor { epoch: now.epoch()?.into(), number: now.last }.position())
}

/// How far events have been delivered.
pub(crate) struct Cursor {
    pub(crate) epoch: Box<str>,
    pub(crate) number: i64,
}

/// What a statement says of the moment in which it reads.
pub(crate) struct Now {
    pub(crate) last: i64,
    epoch: Option<Box<str>>,
}

impl Now {
    /// Reads the columns of [`now_columns!`].
    pub(crate) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let epoch: Option<String> = row.try_get("epoch")?;
        Ok(Self { last: row.try_get("last")?, epoch: epoch.map(String::into_boxed_str) })
    }

    /// The latest epoch.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`] where none has begun yet, as on a disk that was full from the start.
    pub(crate) fn epoch(&self) -> Result<&str, Error> {
        self.epoch.as_deref().ok_or_else(|| {
            let cause = "nothing could be written to the file yet".into();
            Error::StoreUnavailable { outcome: Outcome::NotApplied, cause }
        })
    }
}

/// The prefix of a position, by which those of another store or another form are recognised.
const FORM: &str = "s2~";

impl Cursor {
    /// Reads a position that a caller gives.
    pub(crate) fn parse(position: &Position) -> Result<Self, Error> {
        let cursor = || {
            let (epoch, number) = position.as_str().strip_prefix(FORM)?.split_once('~')?;
            let number = number.parse().ok().filter(|number: &i64| *number >= 0)?;
            (!epoch.is_empty()).then(|| Self { epoch: epoch.into(), number })
        };
        cursor().ok_or_else(|| {
            let description = "must be a position that this service gave, whole as it was given";
            Error::InvalidParameter(Violation::new("position", "position", description))
        })
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(format!("{FORM}{}~{}", self.epoch, self.number))
    }
}

//! Positions: the events of which transactions have been delivered.
//!
//! A snapshot says of every transaction whether it was visible then. What is visible now and was not then is what came
//! since, however long its commit took: its id alone does not say that. But the ids of transactions that are not durable can
//! come again after a crash, so a position counts none as delivered that is later than the last one of which there is an
//! event.

use std::fmt;

use domain::{Error, event::Position, violation::Violation};
use sqlx::Row;

use crate::{connections::Connections, epoch::database_id, error, row_security::Rows};

/// Which transactions were visible at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The lowest that had not begun, or is counted so.
    pub(crate) xmax: u64,
    /// Those below that were still under way, ascending.
    pub(crate) running: Vec<u64>,
}

/// How far events have been delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The epoch that was the latest then.
    pub(crate) epoch: Box<str>,
    /// Everything that was visible in it has been delivered.
    pub(crate) delivered: Snapshot,
    /// What has been delivered of a transaction that was not: a part of it.
    pub(crate) partial: Option<Partial>,
}

/// A part of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) transaction: u64,
    /// The last of its events that has been delivered.
    pub(crate) ordinal: i32,
}

/// What a position is made of, in one snapshot: the visible transactions, the last one of which there is or was an event, and the
/// latest epoch of this database.
macro_rules! now_columns {
    () => {
        "pg_current_snapshot()::text AS now,
         greatest((SELECT transaction_id FROM channel_session_event ORDER BY transaction_id DESC LIMIT 1),
                  (SELECT greatest(expired_to, expired_last[1]) FROM channel_session_event_log))::text AS last,
         (SELECT id FROM channel_session_epoch AS epoch
          WHERE database_id = (SELECT database_id FROM here)
          ORDER BY transaction_id DESC LIMIT 1) AS epoch"
    };
}
pub(crate) use now_columns;

const NOW: &str =
    concat!("WITH here AS MATERIALIZED (SELECT ", database_id!(), " AS database_id) SELECT ", now_columns!());

/// The position behind all that is visible now.
pub(crate) async fn now(connections: &Connections) -> Result<Position, Error> {
    let mut connection = connections.get().await?;
    connection.engine().check_positions()?;
    for _ in 0..2 {
        let row = connection.fetch_one(Rows::OfAll, sqlx::query(NOW)).await.map_err(error::of_read)?;
        if let (now, Some(latest)) = Now::read(&row)? {
            let delivered = now.visible.before(now.durable);
            return Ok(Cursor { epoch: latest, delivered, partial: None }.position());
        }
        // The tables are another database's, which were restored here since the service started.
        connection.epoch().begin(&mut connection).await.map_err(error::of_read)?;
    }
    Err(Error::Internal("no epoch of this database begins".into()))
}

/// What a statement says of the moment in which it reads.
pub(crate) struct Now {
    pub(crate) visible: Snapshot,
    /// Every transaction below this that has ended is durable.
    pub(crate) durable: u64,
}

impl Now {
    /// Reads the columns of [`now_columns!`], the epoch beside the rest: none where none of this database's has begun.
    pub(crate) fn read(row: &sqlx::postgres::PgRow) -> Result<(Self, Option<Box<str>>), Error> {
        let text = |column| row.try_get::<Option<&str>, _>(column).map_err(error::of_read);
        let visible = Snapshot::from_database(text("now")?.unwrap_or_default())?;
        let durable = text("last")?.map(transaction).transpose()?.map_or(FIRST, |last| last + 1);
        Ok((Self { visible, durable }, text("epoch")?.map(Box::from)))
    }
}

/// A transaction's id as PostgreSQL prints it.
pub(crate) fn transaction(text: &str) -> Result<u64, Error> {
    text.parse().map_err(|_| Error::Internal(format!("a transaction's id is broken: {text}").into()))
}

/// The lowest id that a transaction gets.
const FIRST: u64 = 3;

/// The prefix of a position, by which those of another store or another form are recognised.
const FORM: &str = "p2";
/// Between the parts of a position. It needs no escape in a URL.
const BETWEEN: char = '~';

impl Cursor {
    /// Reads a position that a caller gives.
    pub(crate) fn parse(position: &Position) -> Result<Self, Error> {
        let cursor = || {
            let mut parts = position.as_str().split(BETWEEN);
            let (FORM, epoch) = (parts.next()?, parts.next()?) else { return None };
            let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
            if epoch.is_empty() || !epoch.bytes().all(is_hex) {
                return None;
            }
            let delivered = Snapshot::parse(parts.next()?)?;
            let partial = match parts.next() {
                None => None,
                Some(partial) => {
                    let (transaction, ordinal) = partial.split_once('.')?;
                    let (transaction, ordinal) = (transaction.parse().ok()?, ordinal.parse().ok()?);
                    let partial = Partial { transaction, ordinal };
                    let is_next = !delivered.sees(transaction) && transaction <= delivered.xmax;
                    (is_next && ordinal > 0).then_some(Some(partial))?
                }
            };
            parts.next().is_none().then(|| Self { epoch: epoch.into(), delivered, partial })
        };
        cursor().ok_or_else(unknown)
    }

    pub(crate) fn position(&self) -> Position {
        let Self { epoch, delivered, partial } = self;
        Position::new(match partial {
            None => format!("{FORM}{BETWEEN}{epoch}{BETWEEN}{}", delivered.short()),
            Some(Partial { transaction, ordinal }) => {
                format!(
                    "{FORM}{BETWEEN}{epoch}{BETWEEN}{}{BETWEEN}{transaction}.{ordinal}",
                    delivered.short()
                )
            }
        })
    }

    /// Whether everything up to this cursor has been delivered at another one.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let has_partial = |partial: &Partial| {
            other.delivered.sees(partial.transaction)
                || other.partial.is_some_and(|further| {
                    further.transaction == partial.transaction && further.ordinal >= partial.ordinal
                })
        };
        self.delivered.is_within(&other.delivered) && self.partial.as_ref().is_none_or(has_partial)
    }

    /// The cursor behind this and all that was visible in a later snapshot, as far as that is durable.
    pub(crate) fn and(&self, later: &Snapshot, durable: u64) -> Self {
        let delivered = self.delivered.and(later, durable);
        let partial = self.partial.filter(|partial| !delivered.sees(partial.transaction));
        Self { epoch: self.epoch.clone(), delivered, partial }
    }

    /// The cursor behind this and what of a later snapshot comes up to one event: the rest of a transaction that has been
    /// delivered in part, then the others in their order. Whether the event is its transaction's last.
    pub(crate) fn up_to(&self, later: &Snapshot, event: Partial, is_last: bool) -> Self {
        let cursor = self.up_to_part(later, event);
        if !is_last {
            return cursor;
        }
        Self { delivered: cursor.delivered.with(event.transaction), partial: None, ..cursor }
    }

    fn up_to_part(&self, later: &Snapshot, event: Partial) -> Self {
        let whole = match self.partial {
            Some(partial) if partial.transaction == event.transaction => {
                return Self { partial: Some(event), ..self.clone() };
            }
            Some(partial) => self.delivered.with(partial.transaction),
            None => self.delivered.clone(),
        };
        let until = event.transaction;
        let is_left = |id: &u64| *id >= until || !later.sees(*id);
        let mut running: Vec<u64> = whole.running.iter().copied().filter(is_left).collect();
        running.extend(later.running.iter().filter(|id| (whole.xmax..until).contains(*id)));
        let delivered = Snapshot { xmax: until.max(whole.xmax), running };
        Self { epoch: self.epoch.clone(), delivered, partial: Some(event) }
    }
}

/// The error for a position that is not one of this store's.
pub(crate) fn unknown() -> Error {
    let description = "must be a position that this service gave, whole as it was given";
    Error::InvalidParameter(Violation::new("position", "position", description))
}

impl Snapshot {
    /// Whether a transaction was visible, if it was committed.
    pub(crate) fn sees(&self, transaction: u64) -> bool {
        transaction < self.xmax && self.running.binary_search(&transaction).is_err()
    }

    /// Whether everything that is visible in it is visible in another one too.
    fn is_within(&self, other: &Self) -> bool {
        self.xmax <= other.xmax && other.running.iter().all(|running| !self.sees(*running))
    }

    /// What is visible in it, as far as it comes before an id.
    fn before(&self, id: u64) -> Self {
        let xmax = self.xmax.min(id);
        Self { xmax, running: self.running.iter().copied().filter(|running| *running < xmax).collect() }
    }

    /// What is visible in it or in a later one, of which only what comes before an id counts.
    fn and(&self, later: &Self, before: u64) -> Self {
        let xmax = self.xmax.max(before.min(later.xmax));
        let mut running: Vec<u64> = self.running.iter().copied().filter(|id| !later.sees(*id)).collect();
        running.extend(later.running.iter().filter(|id| (self.xmax..xmax).contains(*id)));
        Self { xmax, running }
    }

    /// What is visible in it, and this transaction, which it does not see and which is not above where it ends.
    fn with(&self, transaction: u64) -> Self {
        let running = self.running.iter().copied().filter(|id| *id != transaction).collect();
        Self { xmax: self.xmax.max(transaction + 1), running }
    }

    /// Reads what PostgreSQL prints: `xmin:xmax:running,running`.
    pub(crate) fn from_database(text: &str) -> Result<Self, Error> {
        let broken = || Error::Internal(format!("a snapshot is broken: {text}").into());
        let [_, xmax, running]: [&str; 3] =
            text.split(':').collect::<Vec<_>>().try_into().map_err(|_| broken())?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| broken());
        let running =
            running.split(',').filter(|text| !text.is_empty()).map(number).collect::<Result<_, _>>()?;
        Ok(Self { xmax: number(xmax)?, running })
    }

    /// Reads the short form.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|number| number.parse::<u64>().ok());
        // What PostgreSQL keeps transactions' ids in.
        let xmax = numbers.next()?.filter(|xmax| *xmax >= FIRST && i64::try_from(*xmax).is_ok())?;
        let mut running = Vec::new();
        let mut last = 0;
        for step in numbers {
            // Each is higher than the one before it.
            last = step.filter(|step| *step > 0)?.checked_add(last).filter(|id| *id < xmax)?;
            running.push(last);
        }
        Some(Self { xmax, running })
    }

    /// The short form: where it ends, then the lowest that was under way, and from each to the next one.
    fn short(&self) -> String {
        let mut text = self.xmax.to_string();
        let mut last = 0;
        for running in &self.running {
            text.push_str(&format!(".{}", running - last));
            last = *running;
        }
        text
    }
}

impl fmt::Display for Snapshot {
    /// Those that were under way, as an array of PostgreSQL's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running: Vec<String> = self.running.iter().map(u64::to_string).collect();
        write!(f, "{{{}}}", running.join(","))
    }
}

#[cfg(test)]
mod tests;

//! Positions: the events of which transactions have been delivered.
//!
//! A snapshot says of every transaction whether it was visible then. What is visible now and was not then is what came
//! since, however long its commit took: neither its number nor its transaction id says that.

use std::fmt;

use domain::{Error, event::Position, violation::Violation};
use sqlx::Row;

use crate::{connections::Connections, error};

/// Which transactions were visible at a moment, as PostgreSQL's `pg_snapshot` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The lowest that was still under way.
    xmin: u64,
    /// The lowest that had not begun.
    xmax: u64,
    /// Those between them that were still under way, ascending.
    running: Vec<u64>,
}

/// How far events have been delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Everything that was visible in it has been delivered.
    pub(crate) delivered: Snapshot,
    /// What has been delivered besides, where that is a part of what came since.
    pub(crate) partial: Option<Partial>,
}

/// A part of what came since: what is visible in a later snapshot, up to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partial {
    /// The later snapshot.
    pub(crate) until: Snapshot,
    /// The number up to which it has been delivered.
    pub(crate) number: i64,
    /// No number of it is higher.
    pub(crate) last: i64,
}

/// The position behind all that is visible now.
pub(crate) async fn now(connections: &Connections) -> Result<Position, Error> {
    let mut connection = connections.get().await?;
    let now = sqlx::query("SELECT pg_current_snapshot()::text AS now");
    let row = connection.fetch_one(now).await.map_err(error::of_read)?;
    let delivered = Snapshot::from_database(row.try_get("now").map_err(error::of_read)?)?;
    Ok(Cursor { delivered, partial: None }.position())
}

/// The prefix of a position, by which those of another store or another form are recognised.
const FORM: &str = "p1";
/// Between the parts of a position. It needs no escape in a URL.
const BETWEEN: char = '~';

impl Cursor {
    /// Reads a position that a caller gives.
    pub(crate) fn parse(position: &Position) -> Result<Self, Error> {
        let cursor = || {
            let parts: Vec<&str> = position.as_str().split(BETWEEN).collect();
            match parts[..] {
                [FORM, delivered] => Some(Self { delivered: Snapshot::parse(delivered)?, partial: None }),
                [FORM, delivered, until, number, last] => {
                    let (number, last) = (number.parse().ok()?, last.parse().ok()?);
                    let (delivered, until) = (Snapshot::parse(delivered)?, Snapshot::parse(until)?);
                    let is_later = delivered.is_within(&until);
                    is_later.then_some(Self { delivered, partial: Some(Partial { until, number, last }) })
                }
                _ => None,
            }
        };
        cursor().ok_or_else(unknown)
    }

    /// Whether everything up to this cursor has been delivered at another one.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        match (&self.partial, &other.partial) {
            (None, _) => self.delivered.is_within(&other.delivered),
            (Some(partial), _) if partial.until.is_within(&other.delivered) => true,
            (Some(partial), Some(further)) => {
                self.delivered == other.delivered
                    && partial.until == further.until
                    && partial.number <= further.number
            }
            (Some(_), None) => false,
        }
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(match &self.partial {
            None => format!("{FORM}{BETWEEN}{}", self.delivered.short()),
            Some(Partial { until, number, last }) => {
                let (delivered, until) = (self.delivered.short(), until.short());
                format!("{FORM}{BETWEEN}{delivered}{BETWEEN}{until}{BETWEEN}{number}{BETWEEN}{last}")
            }
        })
    }
}

/// The error for a position that is not one of this database's.
pub(crate) fn unknown() -> Error {
    let description = "must be a position that this database gave, whole as it was given; where it was given before a \
                       backup was restored, re-read the sessions, and watch from now on";
    Error::InvalidParameter(Violation::new("position", "position", description))
}

impl Snapshot {
    /// Whether everything that is visible in it is visible in another one too.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.xmax <= other.xmax
            && other.running.iter().all(|running| *running >= self.xmax || self.running.contains(running))
    }

    /// Reads what PostgreSQL prints: `xmin:xmax:running,running`.
    pub(crate) fn from_database(text: &str) -> Result<Self, Error> {
        let broken = || Error::Internal(format!("a snapshot is broken: {text}").into());
        let [xmin, xmax, running]: [&str; 3] =
            text.split(':').collect::<Vec<_>>().try_into().map_err(|_| broken())?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| broken());
        let running =
            running.split(',').filter(|text| !text.is_empty()).map(number).collect::<Result<_, _>>()?;
        Ok(Self { xmin: number(xmin)?, xmax: number(xmax)?, running })
    }

    /// Reads the short form. What PostgreSQL would not take as a snapshot is none.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|number| number.parse::<u64>().ok());
        let (xmin, span) = (numbers.next()??, numbers.next()??);
        // What PostgreSQL keeps transactions' ids in.
        let xmax = xmin.checked_add(span).filter(|xmax| xmin > 0 && i64::try_from(*xmax).is_ok())?;
        let mut running = Vec::new();
        let mut last = xmin;
        for (at, step) in numbers.enumerate() {
            // The first may be the lowest itself; each of the others is higher than the one before it.
            let step = step.filter(|step| at == 0 || *step > 0)?;
            last = last.checked_add(step).filter(|running| *running < xmax)?;
            running.push(last);
        }
        Some(Self { xmin, xmax, running })
    }

    /// The short form: the lowest, and from each to the next one.
    fn short(&self) -> String {
        let mut text = format!("{}.{}", self.xmin, self.xmax - self.xmin);
        let mut last = self.xmin;
        for running in &self.running {
            text.push_str(&format!(".{}", running - last));
            last = *running;
        }
        text
    }
}

impl fmt::Display for Snapshot {
    /// As PostgreSQL reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running: Vec<String> = self.running.iter().map(u64::to_string).collect();
        write!(f, "{}:{}:{}", self.xmin, self.xmax, running.join(","))
    }
}

#[cfg(test)]
mod tests;

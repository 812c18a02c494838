//! Positions: which transactions have been told of.
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

/// How far events have been told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Everything that was visible in it has been told.
    pub(crate) told: Snapshot,
    /// What is being told, where that is not all of it.
    pub(crate) telling: Option<Telling>,
}

/// A part of what came since: what is visible in a later snapshot, up to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    /// The later snapshot.
    pub(crate) until: Snapshot,
    /// The number up to which it has been told.
    pub(crate) number: i64,
    /// No number of it is higher.
    pub(crate) last: i64,
}

/// The position behind all that is visible now.
pub(crate) async fn now(connections: &Connections) -> Result<Position, Error> {
    let mut connection = connections.get().await?;
    let now = sqlx::query("SELECT pg_current_snapshot()::text");
    let row = connection.fetch_one(now).await.map_err(error::of_read)?;
    let told = Snapshot::from_database(row.try_get(0).map_err(error::of_read)?)?;
    Ok(Place { told, telling: None }.position())
}

/// Leads a position, so that those of another store or another form are told apart.
const FORM: &str = "p1";
/// Between the parts of a position. It needs no escape in a URL.
const BETWEEN: char = '~';

impl Place {
    /// Reads a position that a caller gives.
    pub(crate) fn parse(position: &Position) -> Result<Self, Error> {
        let place = || {
            let parts: Vec<&str> = position.as_str().split(BETWEEN).collect();
            match parts[..] {
                [FORM, told] => Some(Self { told: Snapshot::parse(told)?, telling: None }),
                [FORM, told, until, number, last] => {
                    let (number, last) = (number.parse().ok()?, last.parse().ok()?);
                    let (told, until) = (Snapshot::parse(told)?, Snapshot::parse(until)?);
                    let is_later = told.is_within(&until);
                    is_later.then_some(Self { told, telling: Some(Telling { until, number, last }) })
                }
                _ => None,
            }
        };
        place().ok_or_else(unknown)
    }

    /// Whether everything up to this place has been told at another one.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        match (&self.telling, &other.telling) {
            (None, _) => self.told.is_within(&other.told),
            (Some(telling), _) if telling.until.is_within(&other.told) => true,
            (Some(telling), Some(further)) => {
                self.told == other.told && telling.until == further.until && telling.number <= further.number
            }
            (Some(_), None) => false,
        }
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(match &self.telling {
            None => format!("{FORM}{BETWEEN}{}", self.told.short()),
            Some(Telling { until, number, last }) => {
                let (told, until) = (self.told.short(), until.short());
                format!("{FORM}{BETWEEN}{told}{BETWEEN}{until}{BETWEEN}{number}{BETWEEN}{last}")
            }
        })
    }
}

/// The error for a position that is none of this database's.
pub(crate) fn unknown() -> Error {
    let description = "must be a position that this database gave, whole as it was given; where it was given before a \
                       backup was restored, get the sessions anew, and watch from now on";
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

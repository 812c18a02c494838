//! What keeps the tables: one PostgreSQL server, or Citus, which spreads them over several.
//!
//! Citus plans each statement for the shards that it is about, so it needs to know the values; and rows of several servers
//! have no snapshot and no row identity in common. Everything else is said to both in the same words.

use domain::Error;
use sqlx::{PgConnection, Row, postgres::PgRow};

/// Asked of each connection, together with its settings. Where there is no Citus, there is no such table to ask.
pub(crate) const ASK: &str = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS has_citus";

/// Citus may be installed and not be used for these tables. Those that it knows have custom plans: with generic ones, it
/// says that it "could not create distributed plan". It has one statement at a time write to several shards, lest two of them
/// wait for each other: a batch would mostly not get its turn before its lock timeout. Where each takes the shards one by one
/// in their order, they need not be kept apart.
const SETTLE: &str = "
    SELECT set_config('plan_cache_mode', 'force_custom_plan', false),
           set_config('citus.enable_deadlock_prevention', 'off', false),
           set_config('citus.multi_shard_modify_mode', 'sequential', false)
    FROM pg_catalog.pg_dist_partition WHERE logicalrelid = to_regclass('channel_session_event')";

/// What keeps the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    Citus,
}

impl Engine {
    /// What a connection leads to, from the rows of its settings and of [`ASK`]. One that leads to Citus is set up for it.
    pub(crate) async fn of(connection: &mut PgConnection, answer: &[PgRow]) -> Result<Self, sqlx::Error> {
        let has_citus = answer.last().map_or(Ok(false), |row| row.try_get("has_citus"))?;
        if !has_citus {
            return Ok(Self::Postgres);
        }
        let settled = sqlx::raw_sql(SETTLE).fetch_optional(connection).await?;
        Ok(if settled.is_some() { Self::Citus } else { Self::Postgres })
    }

    /// Whether there are positions.
    ///
    /// # Errors
    /// [`Error::NotSupported`] on Citus: what is committed there becomes visible at each server in its own time, and no
    /// snapshot says of another server's rows which of them it sees.
    pub(crate) fn check_positions(self) -> Result<(), Error> {
        match self {
            Self::Postgres => Ok(()),
            Self::Citus => Err(Error::NotSupported(
                "events cannot be watched here: the service's database is distributed by Citus; ask for a session's history, \
                 or read the sessions again from time to time",
            )),
        }
    }
}

#[cfg(test)]
mod tests;

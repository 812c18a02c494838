//! Events that sessions have from the past, straight in the table.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::Database;
use crate::Failure;

const EVENTS: &str = include_str!("events.sql");

/// The highest id that a transaction has by now.
const LAST: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1";

/// Where events of the table stand by their transactions' ids, these have to have been given out.
fn give_ids(count: u64) -> String {
    format!("DO $$ BEGIN FOR i IN 0..{count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
}

impl Database {
    /// Stores events of so many updates, made so long ago, of the sessions that there are. They are not counted for the
    /// planner, as they are not where they came one by one.
    pub(crate) async fn fill_events(&self, events: u32, sessions: u32, ago: Duration) -> Result<(), Failure> {
        let mut connection = self.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(give_ids(u64::from(events) / 32))).execute(&mut connection).await?;
        let last: i64 = sqlx::query_scalar(LAST).fetch_one(&mut connection).await?;
        let (events, sessions) = (i64::from(events), i64::from(sessions));
        sqlx::query(EVENTS)
            .bind(events)
            .bind(i64::try_from(ago.as_millis())?)
            .bind(sessions)
            .bind(last)
            .execute(&mut connection)
            .await?;
        // As many as each has events. The last round may be incomplete, so those behind its end have one less.
        sqlx::query(
            "UPDATE channel_session
             SET revision = 1 + $1 / $2 + CASE WHEN substr(id, 9)::bigint < $1 % $2 THEN 1 ELSE 0 END",
        )
        .bind(events)
        .bind(sessions)
        .execute(&mut connection)
        .await?;
        for statement in ["VACUUM channel_session", "CHECKPOINT"] {
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// How many events have been deleted, as far as the server has counted.
    pub(crate) async fn deleted_events(&self) -> Result<i64, Failure> {
        let deleted = "SELECT n_tup_del FROM pg_stat_user_tables WHERE relname = 'channel_session_event'";
        Ok(sqlx::query_scalar(deleted).fetch_one(&mut self.connect().await?).await?)
    }

    /// Whether autovacuum is at work.
    pub(crate) async fn is_vacuuming(&self) -> Result<bool, Failure> {
        let worker = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker')";
        Ok(sqlx::query_scalar(worker).fetch_one(&mut self.connect().await?).await?)
    }
}

//! Holds sessions' rows in PostgreSQL, so that updates of them wait.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

/// A lock on rows, held until it is released or dropped.
pub(crate) struct Lock(PgConnection);

impl Lock {
    pub(crate) async fn take(database_url: &str, ids: &[&str]) -> Self {
        let mut connection = PgConnection::connect(database_url).await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
        let locked = sqlx::query("SELECT 1 FROM channel_session WHERE id = ANY($1) FOR UPDATE").bind(ids);
        assert_eq!(locked.fetch_all(&mut connection).await.unwrap().len(), ids.len());
        Self(connection)
    }

    /// Returns once as many statements of the service wait for locks of this database. Updates of one session in one
    /// process wait in one statement; those that come while a statement waits have one of their own.
    pub(crate) async fn is_waited_for_by(&mut self, count: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'
                          AND application_name = 'channel-sessions'";
        let limit = Instant::now() + Duration::from_secs(60);
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut self.0).await.unwrap() < count {
            assert!(Instant::now() < limit, "fewer than {count} statements wait");
            // A transaction sees the activity as it was when it first looked, unless it asks to look again.
            sqlx::raw_sql("SELECT pg_stat_clear_snapshot()").execute(&mut self.0).await.unwrap();
        }
    }

    pub(crate) async fn release(mut self) {
        sqlx::raw_sql("COMMIT").execute(&mut self.0).await.unwrap();
    }
}

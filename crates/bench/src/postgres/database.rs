//! A database of sessions on PostgreSQL.

use std::ops::Range;

use sqlx::{Connection, PgConnection};
use store_testkit::seed;

use crate::{
    Failure,
    load::{Acknowledged, update},
};

/// A database of the service's.
pub(crate) struct Database {
    url: String,
}

const FILL: &str = include_str!("fill.sql");

/// Nothing on sessions themselves: their pages are as the last run left them, for all sides alike.
const EMPTY: [&str; 2] = ["TRUNCATE channel_session_event, channel_session_idempotency_record", "CHECKPOINT"];

/// Acknowledgements that have no event with their session, revision and token.
const MISSING: &str = "
    SELECT acknowledged.ordinal
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS acknowledged(session, revision, token, ordinal)
    LEFT JOIN channel_session_event AS event
           ON event.tenant_id = 'default' AND event.session_id = 'session-' || session
          AND event.revision = acknowledged.revision
    WHERE event.changes::jsonb #>> $4 IS DISTINCT FROM token
    ORDER BY ordinal";

/// Sessions whose revisions have a gap, or whose revision is not their last event's.
const ASTRAY: &str = "
    SELECT event.session_id
    FROM (SELECT session_id, min(revision) AS first, max(revision) AS last, count(*) AS events
          FROM channel_session_event WHERE tenant_id = 'default' GROUP BY session_id) AS event
    LEFT JOIN channel_session AS session ON session.tenant_id = 'default' AND session.id = event.session_id
    WHERE session.revision IS DISTINCT FROM event.last OR event.last - event.first + 1 <> event.events";

impl Database {
    pub(super) fn new(url: String) -> Self {
        Self { url }
    }

    /// How to connect: `postgres://…`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    /// Stores the documented session so many times, `session-0` and on, ten to a conversation, straight in the tables. Of
    /// those from `active` on, one in ten is active.
    pub(crate) async fn fill(&self, sessions: Range<u32>, active: u32) -> Result<(), Failure> {
        let mut connection = self.connect().await?;
        sqlx::query(FILL)
            .bind(seed::CHANNEL_SESSION)
            .bind(i64::from(sessions.start))
            .bind(i64::from(sessions.end))
            .bind(i64::from(active))
            .execute(&mut connection)
            .await?;
        for statement in ["VACUUM ANALYZE channel_session", "CHECKPOINT"] {
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// Takes away what runs leave behind, so that each starts alike.
    pub(crate) async fn empty(&self) -> Result<(), Failure> {
        let mut connection = self.connect().await?;
        for statement in EMPTY {
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// How many events there are.
    pub(crate) async fn events(&self) -> Result<usize, Failure> {
        let count = "SELECT count(*) FROM channel_session_event";
        let count: i64 = sqlx::query_scalar(count).fetch_one(&mut self.connect().await?).await?;
        Ok(count.try_into()?)
    }

    /// Which of these are not in the database, by their indexes.
    pub(crate) async fn missing(&self, acknowledged: &[Acknowledged]) -> Result<Vec<usize>, Failure> {
        let ordinals: Vec<i64> = sqlx::query_scalar(MISSING)
            .bind(acknowledged.iter().map(|it| i64::from(it.session)).collect::<Vec<_>>())
            .bind(acknowledged.iter().map(|it| it.revision).collect::<Vec<_>>())
            .bind(acknowledged.iter().map(|it| it.token.to_string()).collect::<Vec<_>>())
            .bind(update::TOKEN_IN_CHANGES.to_vec())
            .fetch_all(&mut self.connect().await?)
            .await?;
        ordinals.into_iter().map(|ordinal| Ok(usize::try_from(ordinal - 1)?)).collect()
    }

    /// Sessions whose revision is not their last event's, or whose revisions have a gap.
    pub(crate) async fn astray(&self) -> Result<Vec<String>, Failure> {
        Ok(sqlx::query_scalar(ASTRAY).fetch_all(&mut self.connect().await?).await?)
    }
}

//! Retention: deleting what has expired, in small steps.

use domain::{
    Error,
    session::{Id, Revision, TenantId},
    store::Expired,
    time::Timestamp,
};
use sqlx::Row;

use crate::{connections::Connections, engine::Engine, error, row_security::Rows};

/// A step looks at the oldest events, by their transactions, and deletes those that have expired. Of several processes one has
/// its turn at a time, and the others find nothing to do. What is deleted is noted in the same step: whoever reads on from
/// before it is refused. Of what was noted, the last thousand transactions are kept one by one. So nobody who has seen them is
/// refused, unless a transaction was open for as long as all those took. The next step begins where this one came to, or a few
/// transactions before, at one that is still open and may have an event. Not at one that stays open for hours: what has been
/// deleted since cannot be vacuumed, and each step would walk over it. Where it begins is compared as it comes: a
/// condition that computes with it uses no index where there is [row-level security](crate::row_security).
macro_rules! events {
    ($row:literal, $expired:literal) => {
        concat!(
            "
    WITH turn AS MATERIALIZED (
        SELECT * FROM channel_session_event_log FOR UPDATE SKIP LOCKED
    ), oldest AS MATERIALIZED (
        SELECT ", $row, ", transaction_id, at FROM channel_session_event
        WHERE transaction_id >= (SELECT coalesce(oldest_event, '0') FROM turn)
        ORDER BY transaction_id, ordinal LIMIT $2
    ), deleted AS (
        DELETE FROM channel_session_event AS event ", $expired, "
        RETURNING event.transaction_id
    ), noted AS MATERIALIZED (
        SELECT transaction_id, row_number() OVER (ORDER BY transaction_id DESC) AS rank
        FROM (SELECT transaction_id FROM deleted
              UNION SELECT unnest(expired_last) FROM turn) AS noted(transaction_id)
    )
    UPDATE channel_session_event_log
    SET oldest_event = (
            SELECT CASE WHEN reached::text::bigint - xmin::text::bigint BETWEEN 0 AND 256 THEN xmin ELSE reached END
            FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin,
                         coalesce((SELECT transaction_id FROM oldest WHERE at >= $1 ORDER BY transaction_id LIMIT 1),
                                  (SELECT transaction_id FROM oldest ORDER BY transaction_id DESC LIMIT 1)) AS reached)
                 AS bound),
        expired_last = ARRAY(SELECT transaction_id FROM noted WHERE rank <= 1000 ORDER BY rank),
        expired_to = greatest(expired_to, (SELECT transaction_id FROM noted WHERE rank = 1001))
    WHERE EXISTS (SELECT FROM deleted)
    RETURNING (SELECT count(*) FROM deleted) AS count"
        )
    };
}

/// Where there is nothing left, the next step looks from the beginning: a record may have been written by a clock that is
/// behind.
macro_rules! idempotency_records {
    ($row:literal, $expired:literal) => {
        concat!(
            "
    WITH turn AS MATERIALIZED (
        SELECT * FROM channel_session_event_log FOR UPDATE SKIP LOCKED
    ), expired AS MATERIALIZED (
        SELECT ",
            $row,
            ", at FROM channel_session_idempotency_record
        WHERE at >= (SELECT coalesce(oldest_record_at, 0) FROM turn) AND at < $1
        ORDER BY at LIMIT $2
    ), deleted AS (
        DELETE FROM channel_session_idempotency_record AS record ",
            $expired,
            "
        RETURNING 1
    )
    UPDATE channel_session_event_log
    SET oldest_record_at = (SELECT max(at) FROM expired)
    WHERE EXISTS (SELECT FROM turn)
    RETURNING (SELECT count(*) FROM deleted) AS count"
        )
    };
}

/// Rows of one server are found again where they are, whatever the planner believes of how many they are. On Citus, where a
/// row is says nothing: they are found by their keys, at the shard that those name.
fn statement(engine: Engine, expired: Expired) -> &'static str {
    match (engine, expired) {
        (Engine::Postgres, Expired::Events(_)) => {
            events!("ctid", "WHERE ctid = ANY (ARRAY(SELECT ctid FROM oldest WHERE at < $1))")
        }
        (Engine::Postgres, Expired::IdempotencyRecords(_)) => {
            idempotency_records!("ctid", "WHERE ctid = ANY (ARRAY(SELECT ctid FROM expired))")
        }
        (Engine::Citus, Expired::Events(_)) => events!(
            "tenant_id, session_id, revision",
            "USING oldest
             WHERE oldest.at < $1 AND event.tenant_id = oldest.tenant_id AND event.session_id = oldest.session_id
               AND event.revision = oldest.revision"
        ),
        (Engine::Citus, Expired::IdempotencyRecords(_)) => idempotency_records!(
            "tenant_id, session_id, request_id",
            "USING expired
             WHERE record.tenant_id = expired.tenant_id AND record.session_id = expired.session_id
               AND record.request_id = expired.request_id"
        ),
    }
}

const ENDED: &str = "
    SELECT tenant_id, id, revision FROM channel_session WHERE ended_at < $1 ORDER BY ended_at LIMIT $2";

pub(crate) async fn expire(
    connections: &Connections,
    expired: Expired,
    limit: usize,
) -> Result<usize, Error> {
    let (Expired::Events(before) | Expired::IdempotencyRecords(before)) = expired;
    let mut connection = connections.get().await?;
    let query = sqlx::query(statement(connection.engine(), expired));
    let query = query.bind(before.millis()).bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = connection.fetch_all(Rows::OfAll, query).await.map_err(error::of_write)?;
    let Some(row) = rows.first() else { return Ok(0) };
    let deleted: i64 = row.try_get("count").map_err(error::of_write)?;
    Ok(usize::try_from(deleted).unwrap_or(0))
}

/// The database's time: it is the same for all processes, whatever their own clocks say.
pub(crate) async fn now(connections: &Connections) -> Result<Timestamp, Error> {
    let mut connection = connections.get().await?;
    let now = sqlx::query("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now");
    let row = connection.fetch_one(Rows::None, now).await.map_err(error::of_read)?;
    Ok(Timestamp::from_millis(row.try_get("now").map_err(error::of_read)?))
}

pub(crate) async fn ended(
    connections: &Connections,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
    let mut connection = connections.get().await?;
    let query = sqlx::query(ENDED).bind(before.millis()).bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = connection.fetch_all(Rows::OfAll, query).await.map_err(error::of_read)?;
    rows.iter()
        .map(|row| {
            let tenant = TenantId::from_stored(row.try_get("tenant_id").map_err(error::of_read)?);
            let id = Id::parse(row.try_get("id").map_err(error::of_read)?)?;
            Ok((tenant, id, Revision::new(row.try_get("revision").map_err(error::of_read)?)))
        })
        .collect()
}

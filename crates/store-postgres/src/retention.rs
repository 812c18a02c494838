//! Retention: deleting what has expired, in small steps.

use domain::{
    Error,
    session::{Id, Revision, TenantId},
    store::Expired,
    time::Timestamp,
};
use sqlx::Row;

use crate::{connections::Connections, error};

/// A step looks at the oldest events, which come first along the numbers, and deletes those that have expired. Of several
/// processes one has its turn at a time, and the others find nothing to do. What is deleted is noted in the same step: whoever
/// reads on from before it is refused.
const EVENTS: &str = "
    WITH turn AS MATERIALIZED (
        SELECT one FROM channel_session_event_log FOR UPDATE SKIP LOCKED
    ), oldest AS MATERIALIZED (
        SELECT tenant_id, session_id, revision, at FROM channel_session_event ORDER BY number LIMIT $2
    ), deleted AS (
        DELETE FROM channel_session_event AS event USING oldest, turn
        WHERE oldest.at < $1 AND event.tenant_id = oldest.tenant_id AND event.session_id = oldest.session_id
          AND event.revision = oldest.revision
        RETURNING event.transaction_id, event.number
    ), noted AS (
        INSERT INTO channel_session_event_expired AS expired (transaction_id, number)
        SELECT transaction_id, max(number) FROM deleted GROUP BY transaction_id
        ON CONFLICT (transaction_id) DO UPDATE SET number = greatest(expired.number, excluded.number)
    )
    SELECT count(*) AS count FROM deleted";

/// Of what was noted, the last thousand transactions are kept one by one. So nobody who has seen them is refused, unless a
/// transaction was open for as long as all those took.
const SUM_UP: &str = "
    WITH last AS MATERIALIZED (
        SELECT transaction_id FROM channel_session_event_expired ORDER BY transaction_id DESC OFFSET 1000 LIMIT 1
    ), summed_up AS (
        DELETE FROM channel_session_event_expired AS expired USING last
        WHERE expired.transaction_id <= last.transaction_id
    )
    UPDATE channel_session_event_log AS log SET expired_to = greatest(log.expired_to, last.transaction_id) FROM last";

const IDEMPOTENCY_RECORDS: &str = "
    WITH turn AS MATERIALIZED (
        SELECT one FROM channel_session_event_log FOR UPDATE SKIP LOCKED
    ), expired AS MATERIALIZED (
        SELECT tenant_id, session_id, request_id
        FROM channel_session_idempotency_record
        WHERE at < $1
        ORDER BY at
        LIMIT $2
    ), deleted AS (
        DELETE FROM channel_session_idempotency_record AS record USING expired, turn
        WHERE record.tenant_id = expired.tenant_id AND record.session_id = expired.session_id
          AND record.request_id = expired.request_id
        RETURNING 1
    )
    SELECT count(*) AS count FROM deleted";

const ENDED: &str = "
    SELECT tenant_id, id, revision FROM channel_session WHERE ended_at < $1 ORDER BY ended_at LIMIT $2";

pub(crate) async fn expire(
    connections: &Connections,
    expired: Expired,
    limit: usize,
) -> Result<usize, Error> {
    let (statement, before) = match expired {
        Expired::Events(before) => (EVENTS, before),
        Expired::IdempotencyRecords(before) => (IDEMPOTENCY_RECORDS, before),
    };
    let mut connection = connections.get().await?;
    let query = sqlx::query(statement).bind(before.millis()).bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let row = connection.fetch_one(query).await.map_err(error::of_write)?;
    let deleted: i64 = row.try_get("count").map_err(error::of_write)?;
    if matches!(expired, Expired::Events(_)) && deleted > 0 {
        connection.execute(sqlx::query(SUM_UP)).await.map_err(error::of_write)?;
    }
    Ok(usize::try_from(deleted).unwrap_or(0))
}

/// The database's time: it is the same for all processes, whatever their own clocks say.
pub(crate) async fn now(connections: &Connections) -> Result<Timestamp, Error> {
    let mut connection = connections.get().await?;
    let now = sqlx::query("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now");
    let row = connection.fetch_one(now).await.map_err(error::of_read)?;
    Ok(Timestamp::from_millis(row.try_get("now").map_err(error::of_read)?))
}

pub(crate) async fn ended(
    connections: &Connections,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
    let mut connection = connections.get().await?;
    let query = sqlx::query(ENDED).bind(before.millis()).bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = connection.fetch_all(query).await.map_err(error::of_read)?;
    rows.iter()
        .map(|row| {
            let tenant = TenantId::from_stored(row.try_get("tenant_id").map_err(error::of_read)?);
            let id = Id::parse(row.try_get("id").map_err(error::of_read)?)?;
            Ok((tenant, id, Revision::new(row.try_get("revision").map_err(error::of_read)?)))
        })
        .collect()
}

//! Retention: deleting what has expired, in small steps.

use domain::{
    Error,
    session::{Id, Revision, TenantId},
    store::Expired,
    time::Timestamp,
};
use sqlx::{Connection, Row, SqliteConnection, SqlitePool};

use crate::{connections::Connections, error, reserve::Reserve};

/// A step looks at the oldest events, which come first along the numbers, and deletes those that have expired.
const EVENTS: &str = "
    DELETE FROM channel_session_event
    WHERE number IN (SELECT number
                     FROM (SELECT number, at FROM channel_session_event ORDER BY number LIMIT ?2)
                     WHERE at < ?1)
    RETURNING number";

/// In the same transaction: whoever reads on from before that is refused.
const NOTE: &str = "UPDATE channel_session_event_log SET expired_to = max(expired_to, ?)";

const IDEMPOTENCY_RECORDS: &str = "
    DELETE FROM channel_session_idempotency_record
    WHERE rowid IN (SELECT rowid FROM channel_session_idempotency_record WHERE at < ? ORDER BY at LIMIT ?)";

const ENDED: &str =
    "SELECT tenant_id, id, revision FROM channel_session WHERE ended_at < ? ORDER BY ended_at LIMIT ?";

pub(crate) async fn expire(
    writer: &Connections,
    reserve: &Reserve,
    expired: Expired,
    limit: usize,
) -> Result<usize, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut deleted = step(writer, expired, limit).await?;
    // It makes room, so it may take what is kept for that.
    if deleted.as_ref().is_err_and(error::is_full) {
        reserve.make_room(writer).await?;
        deleted = step(writer, expired, limit).await?;
    }
    deleted.map_err(error::of_write)
}

async fn step(
    writer: &Connections,
    expired: Expired,
    limit: i64,
) -> Result<Result<usize, sqlx::Error>, Error> {
    let mut connection = writer.get().await?;
    let deleted = match expired {
        Expired::Events(before) => events(&mut connection, before, limit).await,
        Expired::IdempotencyRecords(before) => {
            let done = sqlx::query(IDEMPOTENCY_RECORDS)
                .bind(before.millis())
                .bind(limit)
                .execute(&mut *connection)
                .await;
            done.map(|done| usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
        }
    };
    // Where it failed, the connection may still count a transaction as open that is none any more.
    if deleted.is_ok() {
        connection.keep();
    }
    Ok(deleted)
}

async fn events(
    connection: &mut SqliteConnection,
    before: Timestamp,
    limit: i64,
) -> Result<usize, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let deleted: Vec<i64> =
        sqlx::query_scalar(EVENTS).bind(before.millis()).bind(limit).fetch_all(&mut *transaction).await?;
    if let Some(last) = deleted.iter().max() {
        sqlx::query(NOTE).bind(last).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(deleted.len())
}

pub(crate) async fn ended(
    readers: &SqlitePool,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
    let rows = sqlx::query(ENDED)
        .bind(before.millis())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(readers)
        .await
        .map_err(error::of_read)?;
    rows.iter()
        .map(|row| {
            let tenant = TenantId::from_stored(row.try_get("tenant_id").map_err(error::of_read)?);
            let id = Id::parse(row.try_get("id").map_err(error::of_read)?)?;
            Ok((tenant, id, Revision::new(row.try_get("revision").map_err(error::of_read)?)))
        })
        .collect()
}

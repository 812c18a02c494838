//! Writing what has been decided of sessions, whatever it is, with their events and requests.

use domain::{
    batch::{Ended, SessionWrite},
    event::{Event, changes_to_text},
    request_id::{IdempotencyRecord, RequestId},
    session::{Id, TenantId},
};
use sqlx::{Connection, SqliteConnection};

use crate::load;

const SESSION: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active,
                                 ended_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET revision = excluded.revision, document = excluded.document, conversation_id = excluded.conversation_id,
        customer_id = excluded.customer_id, channel_type = excluded.channel_type, active = excluded.active,
        ended_at = CASE WHEN ?10 THEN excluded.ended_at ELSE channel_session.ended_at END";

const EVENT: &str = "
    INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester, request_id,
                                       trace_id, changes, document)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const REQUEST: &str = "
    INSERT INTO channel_session_idempotency_record (tenant_id, session_id, request_id, digest, revision, changed, document, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

const ERASE_EVENTS: &str = "DELETE FROM channel_session_event WHERE tenant_id = ? AND session_id = ?";
const ERASE_REQUESTS: &str =
    "DELETE FROM channel_session_idempotency_record WHERE tenant_id = ? AND session_id = ?";

/// Writes parts, each of another session, and says of each whether it was written: not where its revision is another one
/// than was expected. Leaves the transaction open where it fails.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    writes: &[SessionWrite],
) -> Result<Vec<bool>, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let keys: Vec<_> = writes.iter().map(|write| (&write.tenant, &write.id)).collect();
    let revisions = load::revisions(&mut transaction, &keys).await?;
    let mut written = Vec::with_capacity(writes.len());
    for (write, revision) in writes.iter().zip(revisions) {
        let is_current = revision == write.expected;
        if is_current {
            write_one(&mut transaction, &write.tenant, &write.id, write).await?;
        }
        written.push(is_current);
    }
    transaction.commit().await?;
    Ok(written)
}

async fn write_one(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &Id,
    write: &SessionWrite,
) -> Result<(), sqlx::Error> {
    let keys = write.indexed_fields.as_ref();
    let ended_at = match write.ended {
        Ended::At(Some(at)) => Some(at.millis()),
        Ended::At(None) | Ended::AsStored => None,
    };
    sqlx::query(SESSION)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(write.revision.get())
        .bind(&write.document)
        .bind(keys.and_then(|keys| keys.conversation_id.as_deref()))
        .bind(keys.and_then(|keys| keys.customer_id.as_deref()))
        .bind(keys.and_then(|keys| keys.channel_type.as_deref()))
        .bind(keys.map(|keys| keys.active))
        .bind(ended_at)
        .bind(write.ended != Ended::AsStored)
        .execute(&mut *connection)
        .await?;
    if write.erase {
        for statement in [ERASE_EVENTS, ERASE_REQUESTS] {
            sqlx::query(statement).bind(tenant.as_str()).bind(id.as_str()).execute(&mut *connection).await?;
        }
    }
    for event in &write.events {
        insert_event(connection, event).await?;
    }
    for request in &write.idempotency_records {
        insert_request(connection, tenant, id, request).await?;
    }
    Ok(())
}

async fn insert_event(connection: &mut SqliteConnection, event: &Event) -> Result<(), sqlx::Error> {
    sqlx::query(EVENT)
        .bind(event.tenant.as_str())
        .bind(event.session_id.as_str())
        .bind(event.revision.get())
        .bind(event.name.as_str())
        .bind(event.at.millis())
        .bind(&event.conversation_id)
        .bind(event.requester.as_str())
        .bind(event.request_id.as_ref().map(RequestId::as_str))
        .bind(event.trace_id.map(|id| id.to_string()))
        .bind(changes_to_text(&event.changes))
        .bind(&event.document)
        .execute(connection)
        .await
        .map(drop)
}

async fn insert_request(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &Id,
    request: &IdempotencyRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(REQUEST)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(request.request_id.as_str())
        .bind(request.digest.as_bytes())
        .bind(request.revision.get())
        .bind(request.changed)
        .bind(&request.document)
        .bind(request.at.millis())
        .execute(connection)
        .await
        .map(drop)
}

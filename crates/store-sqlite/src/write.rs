//! Writing what has been decided of sessions, whatever it is, with their events and idempotency records.

use domain::{
    batch::{Ended, SessionWrite},
    request_id::IdempotencyRecord,
    session::{Id, TenantId},
};
use sqlx::{Connection, SqliteConnection};

use crate::{columns::EventColumns, load};

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
                                       trace_id, changes, document_before, document_bytes, left_conversation_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const IDEMPOTENCY_RECORD: &str = "
    INSERT INTO channel_session_idempotency_record (tenant_id, session_id, request_id, digest, revision, changed, document,
                                                    at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

const ERASE_EVENTS: &str = "DELETE FROM channel_session_event WHERE tenant_id = ? AND session_id = ?";
const ERASE_RECORDS: &str =
    "DELETE FROM channel_session_idempotency_record WHERE tenant_id = ? AND session_id = ?";

/// Writes a group, each of another session, and says of each whether it was written: not where its revision is another one
/// than was expected, or one of its request ids has a record. Leaves the transaction open where it fails.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    group: &[SessionWrite],
    keeps_answers: bool,
) -> Result<Vec<bool>, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let keys: Vec<_> = group.iter().map(|write| (&write.tenant, &write.id)).collect();
    let revisions = load::revisions(&mut transaction, &keys).await?;
    let mut written = Vec::with_capacity(group.len());
    for (write, revision) in group.iter().zip(revisions) {
        let is_current = revision == write.expected && !load::has_record(&mut transaction, write).await?;
        if is_current {
            write_one(&mut transaction, write, keeps_answers).await?;
        }
        written.push(is_current);
    }
    transaction.commit().await?;
    Ok(written)
}

async fn write_one(
    connection: &mut SqliteConnection,
    write: &SessionWrite,
    keeps_answers: bool,
) -> Result<(), sqlx::Error> {
    let SessionWrite { tenant, id, .. } = write;
    let fields = write.indexed_fields.as_ref();
    sqlx::query(SESSION)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(write.revision.get())
        .bind(&write.document)
        .bind(fields.and_then(|fields| fields.conversation_id.as_deref()))
        .bind(fields.and_then(|fields| fields.customer_id.as_deref()))
        .bind(fields.and_then(|fields| fields.channel_type.as_deref()))
        .bind(fields.map(|fields| fields.active))
        .bind(write.ended_at())
        .bind(write.ended != Ended::AsStored)
        .execute(&mut *connection)
        .await?;
    if write.erase {
        for statement in [ERASE_EVENTS, ERASE_RECORDS] {
            sqlx::query(statement).bind(tenant.as_str()).bind(id.as_str()).execute(&mut *connection).await?;
        }
    }
    for event in &write.events {
        EventColumns::of(event).bind(sqlx::query(EVENT)).execute(&mut *connection).await?;
    }
    for record in &write.idempotency_records {
        insert_record(connection, tenant, id, record, keeps_answers || record.keeps_document).await?;
    }
    Ok(())
}

async fn insert_record(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &Id,
    record: &IdempotencyRecord,
    keeps_document: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query(IDEMPOTENCY_RECORD)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(record.request_id.as_str())
        .bind(record.digest.as_bytes())
        .bind(record.revision.get())
        .bind(record.changed)
        .bind(keeps_document.then_some(&record.document))
        .bind(record.at.millis())
        .execute(connection)
        .await
        .map(drop)
}

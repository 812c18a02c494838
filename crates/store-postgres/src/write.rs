//! Writing what has been decided: one statement for many sessions, with their events and idempotency records.

use domain::{
    batch::SessionWrite,
    event::{Event, changes_to_text},
    request_id::RequestId,
};
use sqlx::{Postgres, postgres::PgArguments, query::Query};

use crate::{columns::Columns, connections::Lease, load::index};

/// New data of sessions, each only where its revision is the expected one: an UPDATE that had to wait for another one finds
/// the revision changed, and does nothing. It is what nearly all writes are, and stands apart from [`WRITE`] because it takes
/// less of the database's time.
const UPDATE: &str = "
    WITH written AS (
        UPDATE channel_session AS session
        SET revision = item.revision, document = item.document::jsonb
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
             WITH ORDINALITY AS item(tenant_id, id, expected, revision, document, ordinal)
        WHERE session.tenant_id = item.tenant_id AND session.id = item.id AND session.revision = item.expected
        RETURNING ordinal, session.tenant_id, session.id, session.conversation_id, item.document AS text
    ), inserted_event AS (
        INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester,
                                           request_id, trace_id, changes, document)
        SELECT tenant_id, id, revision, name, at, conversation_id, requester, request_id, trace_id, changes,
               coalesce(document, text)
        FROM unnest($6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[],
                    $13::text[], $14::text[])
             WITH ORDINALITY AS event(ordinal, revision, name, at, requester, request_id, trace_id, changes,
                                      document, number)
        JOIN written USING (ordinal)
        ORDER BY number
    )
    SELECT ordinal FROM written";

/// The same for one session with one event. A statement about lists takes longer.
const UPDATE_ONE: &str = "
    WITH written AS (
        UPDATE channel_session
        SET revision = $4, document = $5::text::jsonb
        WHERE tenant_id = $1 AND id = $2 AND revision = $3
        RETURNING conversation_id
    )
    INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester, request_id,
                                       trace_id, changes, document)
    SELECT $1, $2, $4, $6, $7, conversation_id, $8, $9, $10, $11, coalesce($12, $5)
    FROM written
    RETURNING 1::bigint AS ordinal";

/// Whatever can be written of sessions, and what belongs to each only where it was written.
const WRITE: &str = "
    WITH item AS (
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
                    $9::boolean[], $10::bigint[], $11::boolean[], $12::boolean[])
             WITH ORDINALITY AS item(tenant_id, id, expected, revision, document, conversation_id, customer_id,
                                     channel_type, active, ended_at, sets_ended_at, erase, ordinal)
    ), updated AS (
        UPDATE channel_session AS session
        SET revision = item.revision, document = item.document::jsonb, conversation_id = item.conversation_id,
            customer_id = item.customer_id, channel_type = item.channel_type, active = item.active,
            ended_at = CASE WHEN item.sets_ended_at THEN item.ended_at ELSE session.ended_at END
        FROM item
        WHERE session.tenant_id = item.tenant_id AND session.id = item.id AND session.revision = item.expected
        RETURNING ordinal
    ), inserted AS (
        INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type,
                                     active, ended_at)
        SELECT tenant_id, id, revision, document::jsonb, conversation_id, customer_id, channel_type, active, ended_at
        FROM item
        WHERE expected = 0
        ON CONFLICT (tenant_id, id) DO NOTHING
        RETURNING tenant_id, id
    ), written AS (
        SELECT ordinal FROM updated
        UNION ALL
        SELECT ordinal FROM item JOIN inserted USING (tenant_id, id)
    ), written_item AS (
        SELECT ordinal, tenant_id, id, erase FROM item JOIN written USING (ordinal)
    ), erased_event AS (
        DELETE FROM channel_session_event AS event USING written_item AS item
        WHERE item.erase AND event.tenant_id = item.tenant_id AND event.session_id = item.id
    ), erased_record AS (
        DELETE FROM channel_session_idempotency_record AS record USING written_item AS item
        WHERE item.erase AND record.tenant_id = item.tenant_id AND record.session_id = item.id
    ), inserted_event AS (
        INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester,
                                           request_id, trace_id, changes, document)
        SELECT tenant_id, id, revision, name, at, conversation_id, requester, request_id, trace_id, changes,
               document
        FROM unnest($13::bigint[], $14::bigint[], $15::text[], $16::bigint[], $17::text[], $18::text[], $19::text[],
                    $20::text[], $21::text[], $22::text[])
             WITH ORDINALITY AS event(ordinal, revision, name, at, conversation_id, requester, request_id, trace_id,
                                      changes, document, number)
        JOIN written_item USING (ordinal)
        ORDER BY number
    ), inserted_record AS (
        INSERT INTO channel_session_idempotency_record (tenant_id, session_id, request_id, digest, revision, changed,
                                                        document, at)
        SELECT tenant_id, id, request_id, digest, revision, changed, document, at
        FROM unnest($23::bigint[], $24::text[], $25::bytea[], $26::bigint[], $27::boolean[], $28::text[], $29::bigint[])
             AS record(ordinal, request_id, digest, revision, changed, document, at)
        JOIN written_item USING (ordinal)
    )
    SELECT ordinal FROM written";

/// Removes what a deletion left of idempotency records: one that was added while the deletion waited for its row.
const ERASE: &str = "
    DELETE FROM channel_session_idempotency_record AS record
    USING unnest($1::text[], $2::text[], $3::bigint[]) AS item(tenant_id, id, revision)
    WHERE record.tenant_id = item.tenant_id AND record.session_id = item.id AND record.revision <= item.revision";

/// Writes a group, each of another session, and says of each whether it was written.
pub(crate) async fn run(connection: &mut Lease, group: &[SessionWrite]) -> Result<Vec<bool>, sqlx::Error> {
    // Should a deletion have been cut off before it had erased everything, it is done now.
    erase(connection, group.iter().filter(|write| write.restarts)).await?;
    let query = match group {
        [write]
            if write.is_update()
                && let [event] = &*write.events =>
        {
            update_one(write, event)
        }
        _ if group.iter().all(SessionWrite::is_update) => {
            Columns::of_updates(group).bind_update(sqlx::query(UPDATE))
        }
        _ => Columns::of_all(group).bind_all(sqlx::query(WRITE)),
    };
    let mut written = vec![false; group.len()];
    for row in connection.fetch_all(query).await? {
        written[index(&row)?] = true;
    }
    let deleted = group.iter().zip(&written).filter(|(write, written)| **written && write.erase);
    if let Err(error) = erase(connection, deleted.map(|(write, _)| write)).await {
        // What was written stays written: it is done before anything else is stored under these ids.
        tracing::warn!(%error, "what a deletion left of idempotency records could not be removed yet");
    }
    Ok(written)
}

fn update_one<'a>(write: &'a SessionWrite, event: &'a Event) -> Query<'a, Postgres, PgArguments> {
    sqlx::query(UPDATE_ONE)
        .bind(write.tenant.as_str())
        .bind(write.id.as_str())
        .bind(write.expected.get())
        .bind(write.revision.get())
        .bind(write.document.as_deref())
        .bind(event.name.as_str())
        .bind(event.at.millis())
        .bind(event.requester.as_str())
        .bind(event.request_id.as_ref().map(RequestId::as_str))
        .bind(event.trace_id.map(|id| id.to_string()))
        .bind(changes_to_text(&event.changes))
        .bind(event.document_beside(write))
}

async fn erase(
    connection: &mut Lease,
    writes: impl Iterator<Item = &SessionWrite>,
) -> Result<(), sqlx::Error> {
    let writes: Vec<_> = writes.collect();
    if writes.is_empty() {
        return Ok(());
    }
    let erase = sqlx::query(ERASE)
        .bind(writes.iter().map(|write| write.tenant.as_str()).collect::<Vec<_>>())
        .bind(writes.iter().map(|write| write.id.as_str()).collect::<Vec<_>>())
        .bind(writes.iter().map(|write| write.expected.get()).collect::<Vec<_>>());
    connection.execute(erase).await
}

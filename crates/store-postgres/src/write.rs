//! Writing what has been decided: one statement for many sessions, with their events and idempotency records.

use std::io;

use domain::{
    batch::SessionWrite,
    event::{EventWrite, changes_to_text},
    request_id::RequestId,
};
use sqlx::{Postgres, Row, postgres::PgArguments, query::Query};

use crate::{columns::Columns, connections::Lease, load::index, row_security::Rows, warnings};

/// Whether the epoch of this start of the server is the one that the store knows: asked in the statement that writes, since a
/// pooler may have led it to another server than the one before, where a revision may stand for another document.
macro_rules! epoch {
    ($id:literal) => {
        concat!(
            "epoch AS MATERIALIZED (
        SELECT EXISTS (SELECT FROM channel_session_epoch
                       WHERE server_started = pg_postmaster_start_time() AND id = ",
            $id,
            ") AS has_begun
    )"
        )
    };
}

/// New data of sessions, each only where its revision is the expected one: an UPDATE that had to wait for another one finds
/// the revision changed, and does nothing. It is what nearly all writes are, and stands apart from [`WRITE`] because it takes
/// less of the database's time.
///
/// Of all these statements: nothing is written unless the epoch has begun, and an ordinal of 0 says so.
const UPDATE: &str = concat!(
    "WITH ", epoch!("$16"), ", written AS (
        UPDATE channel_session AS session
        SET revision = item.revision, document = item.document::jsonb
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
             WITH ORDINALITY AS item(tenant_id, id, expected, revision, document, ordinal)
        WHERE session.tenant_id = item.tenant_id AND session.id = item.id AND session.revision = item.expected
          AND (SELECT has_begun FROM epoch)
        RETURNING ordinal, session.tenant_id, session.id, session.conversation_id
    ), inserted_event AS (
        INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, conversation_id, requester,
                                           request_id, trace_id, changes, document_before, document_bytes)
        SELECT tenant_id, id, revision, number, name, at, conversation_id, requester, request_id, trace_id, changes,
               document_before, document_bytes
        FROM unnest($6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[],
                    $13::text[], $14::text[], $15::integer[])
             WITH ORDINALITY AS event(ordinal, revision, name, at, requester, request_id, trace_id, changes,
                                      document_before, document_bytes, number)
        JOIN written USING (ordinal)
    )
    SELECT ordinal FROM written
    UNION ALL SELECT 0 FROM epoch WHERE NOT has_begun"
);

/// The same for one session with one event. A statement about lists takes longer.
const UPDATE_ONE: &str = concat!(
    "WITH ", epoch!("$14"), ", written AS (
        UPDATE channel_session
        SET revision = $4, document = $5::text::jsonb
        WHERE tenant_id = $1 AND id = $2 AND revision = $3 AND (SELECT has_begun FROM epoch)
        RETURNING conversation_id
    ), inserted_event AS (
        INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, conversation_id, requester,
                                           request_id, trace_id, changes, document_before, document_bytes)
        SELECT $1, $2, $4, 1, $6, $7, conversation_id, $8, $9, $10, $11, $12, $13
        FROM written
    )
    SELECT 1::bigint AS ordinal FROM written
    UNION ALL SELECT 0 FROM epoch WHERE NOT has_begun"
);

/// Whatever can be written of sessions, and what belongs to each only where it was written. A session is left as it is where
/// one of the request ids has a record by now: they are looked up apart from the sessions, since Citus plans no subquery that is
/// about the row of a list.
const WRITE: &str = concat!(
    "WITH ", epoch!("$32"), ", recorded AS MATERIALIZED (
        SELECT ordinal
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS session(tenant_id, session_id, ordinal)
        JOIN unnest($25::bigint[], $26::text[]) AS request(ordinal, request_id) USING (ordinal)
        JOIN channel_session_idempotency_record USING (tenant_id, session_id, request_id)
    ), item AS (
        SELECT item.*
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
                    $9::boolean[], $10::bigint[], $11::boolean[], $12::boolean[])
             WITH ORDINALITY AS item(tenant_id, id, expected, revision, document, conversation_id, customer_id,
                                     channel_type, active, ended_at, sets_ended_at, erase, ordinal)
        WHERE (SELECT has_begun FROM epoch) AND ordinal <> ALL (ARRAY(SELECT ordinal FROM recorded))
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
        INSERT INTO channel_session_event (tenant_id, session_id, revision, ordinal, name, at, conversation_id, requester,
                                           request_id, trace_id, changes, document_before, document_bytes, left_conversation_id)
        SELECT tenant_id, id, revision, number, name, at, conversation_id, requester, request_id, trace_id, changes,
               document_before, document_bytes, left_conversation_id
        FROM unnest($13::bigint[], $14::bigint[], $15::text[], $16::bigint[], $17::text[], $18::text[], $19::text[],
                    $20::text[], $21::text[], $22::text[], $23::integer[], $24::text[])
             WITH ORDINALITY AS event(ordinal, revision, name, at, conversation_id, requester, request_id, trace_id,
                                      changes, document_before, document_bytes, left_conversation_id, number)
        JOIN written_item USING (ordinal)
    ), inserted_record AS (
        INSERT INTO channel_session_idempotency_record (tenant_id, session_id, request_id, digest, revision, changed,
                                                        document, at)
        SELECT tenant_id, id, request_id, digest, revision, changed, document, at
        FROM unnest($25::bigint[], $26::text[], $27::bytea[], $28::bigint[], $29::boolean[], $30::text[], $31::bigint[])
             AS record(ordinal, request_id, digest, revision, changed, document, at)
        JOIN written_item USING (ordinal)
    )
    SELECT ordinal FROM written
    UNION ALL SELECT 0 FROM epoch WHERE NOT has_begun"
);

/// Removes what a deletion left of idempotency records: one that was added while the deletion waited for its row.
const ERASE: &str = "
    DELETE FROM channel_session_idempotency_record AS record
    USING unnest($1::text[], $2::text[], $3::bigint[]) AS item(tenant_id, id, revision)
    WHERE record.tenant_id = item.tenant_id AND record.session_id = item.id AND record.revision <= item.revision";

/// Writes a group, each of another session, and says of each whether it was written. Answers are kept with all idempotency
/// records, or where they cannot be rebuilt.
pub(crate) async fn run(
    connection: &mut Lease,
    whose: Rows<'_>,
    group: &[SessionWrite],
    keeps_answers: bool,
) -> Result<Vec<bool>, sqlx::Error> {
    // Should a deletion have been cut off before it had erased everything, it is done now.
    erase(connection, whose, group.iter().filter(|write| write.restarts)).await?;
    let epoch = connection.epoch().id();
    let query = match group {
        [write]
            if write.is_update()
                && let [event] = &*write.events =>
        {
            update_one(write, event)
        }
        _ if group.iter().all(SessionWrite::is_update) => {
            Columns::of(group, keeps_answers).bind_update(sqlx::query(UPDATE))
        }
        _ => Columns::of(group, keeps_answers).bind_all(sqlx::query(WRITE)),
    };
    let mut written = vec![false; group.len()];
    let (rows, warning) = warnings::with_warning(connection.fetch_all(whose, query.bind(&*epoch))).await;
    let rows = rows?;
    if let Some(warning) = warning {
        // It has committed, and may be on no standby that it was to be on: whoever asked for it is not answered that it
        // is durable.
        return Err(sqlx::Error::Io(io::Error::other(format!("the database warns: {warning}"))));
    }
    for row in rows {
        if row.try_get::<i64, _>("ordinal")? == 0 {
            // As after a lost race, the sessions are read again: what was known of them may be of another history.
            connection.epoch().begin(connection).await?;
            return Ok(written);
        }
        written[index(&row)?] = true;
    }
    let deleted = group.iter().zip(&written).filter(|(write, written)| **written && write.erase);
    if let Err(error) = erase(connection, whose, deleted.map(|(write, _)| write)).await {
        // What was written stays written: it is done before anything else is stored under these ids.
        tracing::warn!(%error, "what a deletion left of idempotency records could not be removed yet");
    }
    Ok(written)
}

fn update_one<'a>(
    write: &'a SessionWrite,
    EventWrite { event, before, document_bytes, left_conversation_id: _ }: &'a EventWrite,
) -> Query<'a, Postgres, PgArguments> {
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
        .bind(before.as_deref())
        .bind(i32::try_from(*document_bytes).unwrap_or(i32::MAX))
}

async fn erase(
    connection: &mut Lease,
    whose: Rows<'_>,
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
    connection.execute(whose, erase).await
}

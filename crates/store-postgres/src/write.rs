//! Writing what has been decided: one statement for many sessions, with their events and requests.

use domain::{
    batch::{Ended, SessionWrite},
    event::{Event, changes_to_text},
    list::IndexedFields,
    request_id::{IdempotencyRecord, RequestId},
};
use sqlx::{Postgres, postgres::PgArguments};

use crate::{connections::Lease, load::index};

/// New data of sessions, each only where its revision is the expected one: an UPDATE that had to wait for another one finds
/// the revision changed, and does nothing. It is what nearly all writes are, and stands apart from [`WRITE`] because it takes
/// less of the database's time.
const UPDATE: &str = "
    WITH written AS (
        UPDATE channel_session AS session
        SET revision = item.revision, document = item.document::jsonb
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
             WITH ORDINALITY AS item(tenant_id, id, expected, revision, document, place)
        WHERE session.tenant_id = item.tenant_id AND session.id = item.id AND session.revision = item.expected
        RETURNING place, session.tenant_id, session.id, session.conversation_id, item.document AS text
    ), told AS (
        INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester,
                                           request_id, trace_id, changes, document)
        SELECT tenant_id, id, revision, name, at, conversation_id, requester, request_id, trace_id, changes,
               coalesce(document, text)
        FROM unnest($6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[],
                    $13::text[], $14::text[])
             WITH ORDINALITY AS event(place, revision, name, at, requester, request_id, trace_id, changes,
                                      document, number)
        JOIN written USING (place)
        ORDER BY number
    )
    SELECT place FROM written";

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
    RETURNING 1::bigint AS place";

/// Whatever can be written of sessions, and what belongs to each only where it was written.
const WRITE: &str = "
    WITH item AS (
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $15::text[], $16::text[], $17::text[],
                    $18::boolean[], $19::bigint[], $20::boolean[], $21::boolean[])
             WITH ORDINALITY AS item(tenant_id, id, expected, revision, document, conversation_id, customer_id,
                                     channel_type, active, ended_at, ends, erase, place)
    ), replaced AS (
        UPDATE channel_session AS session
        SET revision = item.revision, document = item.document::jsonb, conversation_id = item.conversation_id,
            customer_id = item.customer_id, channel_type = item.channel_type, active = item.active,
            ended_at = CASE WHEN item.ends THEN item.ended_at ELSE session.ended_at END
        FROM item
        WHERE session.tenant_id = item.tenant_id AND session.id = item.id AND session.revision = item.expected
        RETURNING place
    ), added AS (
        INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type,
                                     active, ended_at)
        SELECT tenant_id, id, revision, document::jsonb, conversation_id, customer_id, channel_type, active, ended_at
        FROM item
        WHERE expected = 0
        ON CONFLICT (tenant_id, id) DO NOTHING
        RETURNING tenant_id, id
    ), written AS (
        SELECT place FROM replaced
        UNION ALL
        SELECT place FROM item JOIN added USING (tenant_id, id)
    ), done AS (
        SELECT place, tenant_id, id, erase FROM item JOIN written USING (place)
    ), forgotten AS (
        DELETE FROM channel_session_event AS event USING done
        WHERE done.erase AND event.tenant_id = done.tenant_id AND event.session_id = done.id
    ), withdrawn AS (
        DELETE FROM channel_session_idempotency_record AS request USING done
        WHERE done.erase AND request.tenant_id = done.tenant_id AND request.session_id = done.id
    ), told AS (
        INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester,
                                           request_id, trace_id, changes, document)
        SELECT tenant_id, id, revision, name, at, conversation_id, requester, request_id, trace_id, changes,
               document
        FROM unnest($6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[],
                    $13::text[], $14::text[], $22::text[])
             WITH ORDINALITY AS event(place, revision, name, at, requester, request_id, trace_id, changes, document,
                                      conversation_id, number)
        JOIN done USING (place)
        ORDER BY number
    ), kept AS (
        INSERT INTO channel_session_idempotency_record (tenant_id, session_id, request_id, digest, revision, changed, document, at)
        SELECT tenant_id, id, request_id, digest, revision, changed, document, at
        FROM unnest($23::bigint[], $24::text[], $25::bytea[], $26::bigint[], $27::boolean[], $28::text[], $29::bigint[])
             AS request(place, request_id, digest, revision, changed, document, at)
        JOIN done USING (place)
    )
    SELECT place FROM written";

/// Removes what a deletion left of request ids: one that was recorded while the deletion waited for its row.
const ERASE: &str = "
    DELETE FROM channel_session_idempotency_record AS request
    USING unnest($1::text[], $2::text[], $3::bigint[]) AS item(tenant_id, id, revision)
    WHERE request.tenant_id = item.tenant_id AND request.session_id = item.id AND request.revision <= item.revision";

/// Writes parts, each of another session, and says of each whether it was written.
pub(crate) async fn run(connection: &mut Lease, writes: &[SessionWrite]) -> Result<Vec<bool>, sqlx::Error> {
    // Should a deletion have been cut off before it had erased everything, it is done now.
    erase(connection, writes.iter().filter(|write| write.restarts)).await?;
    let query = match writes {
        [write]
            if write.is_update()
                && let [event] = &*write.events =>
        {
            bind_one(write, event)
        }
        _ if writes.iter().all(|write| write.is_update()) => {
            bind(sqlx::query(UPDATE), writes, |write, event| event.document_beside(write))
        }
        _ => bind_rest(bind(sqlx::query(WRITE), writes, |_, event| event.document.as_deref()), writes),
    };
    let mut written = vec![false; writes.len()];
    for row in connection.fetch_all(query).await? {
        written[index(&row)?] = true;
    }
    let deleted = writes.iter().zip(&written).filter(|(write, written)| **written && write.erase);
    if let Err(error) = erase(connection, deleted.map(|(write, _)| write)).await {
        // What was written stays written: it is done before anything else is stored under these ids.
        tracing::warn!(%error, "what a deletion left of request ids could not be removed yet");
    }
    Ok(written)
}

type Query<'a> = sqlx::query::Query<'a, Postgres, PgArguments>;

/// What [`UPDATE_ONE`] takes.
fn bind_one<'a>(write: &'a SessionWrite, event: &'a Event) -> Query<'a> {
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

/// What the other two statements take: documents and events.
fn bind<'a>(
    query: Query<'a>,
    writes: &'a [SessionWrite],
    document: fn(&SessionWrite, &'a Event) -> Option<&'a str>,
) -> Query<'a> {
    let events: Vec<(i64, &SessionWrite, &Event)> = flat(writes, |write| &write.events);
    let request_id = |event: &'a Event| event.request_id.as_ref().map(RequestId::as_str);
    query
        .bind(writes.iter().map(|write| write.tenant.as_str()).collect::<Vec<_>>())
        .bind(writes.iter().map(|write| write.id.as_str()).collect::<Vec<_>>())
        .bind(writes.iter().map(|write| write.expected.get()).collect::<Vec<_>>())
        .bind(writes.iter().map(|write| write.revision.get()).collect::<Vec<_>>())
        .bind(writes.iter().map(|write| write.document.as_deref()).collect::<Vec<_>>())
        .bind(events.iter().map(|(index, ..)| *index).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| event.revision.get()).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| event.name.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| event.at.millis()).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| event.requester.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| request_id(event)).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| event.trace_id.map(|id| id.to_string())).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| changes_to_text(&event.changes)).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, write, event)| document(write, event)).collect::<Vec<_>>())
}

/// What [`WRITE`] takes besides: by what sessions are found, what is to be erased, and requests.
fn bind_rest<'a>(query: Query<'a>, writes: &'a [SessionWrite]) -> Query<'a> {
    let events: Vec<(i64, &SessionWrite, &Event)> = flat(writes, |write| &write.events);
    let requests: Vec<(i64, &SessionWrite, &IdempotencyRecord)> =
        flat(writes, |write| &write.idempotency_records);
    let writes = || writes.iter().map(|write| write);
    let keys = |read: fn(&IndexedFields) -> Option<&str>| -> Vec<Option<&str>> {
        writes().map(|write| write.indexed_fields.as_ref().and_then(read)).collect()
    };
    query
        .bind(keys(|keys| keys.conversation_id.as_deref()))
        .bind(keys(|keys| keys.customer_id.as_deref()))
        .bind(keys(|keys| keys.channel_type.as_deref()))
        .bind(writes().map(|write| write.indexed_fields.as_ref().map(|keys| keys.active)).collect::<Vec<_>>())
        .bind(writes().map(ended_at).collect::<Vec<_>>())
        .bind(writes().map(|write| write.ended != Ended::AsStored).collect::<Vec<_>>())
        .bind(writes().map(|write| write.erase).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| event.conversation_id.as_deref()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(index, ..)| *index).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.request_id.as_str()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.digest.as_bytes()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.revision.get()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.changed).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.document.as_str()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.at.millis()).collect::<Vec<_>>())
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

fn ended_at(write: &SessionWrite) -> Option<i64> {
    match write.ended {
        Ended::At(Some(at)) => Some(at.millis()),
        Ended::At(None) | Ended::AsStored => None,
    }
}

/// What belongs to all parts, each with its part's place as ordinality counts it, and with what is written of that.
fn flat<T>(writes: &[SessionWrite], of: fn(&SessionWrite) -> &Vec<T>) -> Vec<(i64, &SessionWrite, &T)> {
    let mut flat = Vec::with_capacity(writes.len());
    for (index, write) in (1..).zip(writes) {
        flat.extend(of(write).iter().map(|it| (index, write, it)));
    }
    flat
}

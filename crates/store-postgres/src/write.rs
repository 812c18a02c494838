//! Writing what has been decided: one statement for many sessions, with their events and requests.

use domain::{
    event::{Event, changes_to_text},
    list::Keys,
    request_id::{Recorded, RequestId},
    working::{Ended, Part, Write},
};
use sqlx::{Postgres, postgres::PgArguments};

use crate::{connections::Lease, load::place};

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
        DELETE FROM channel_session_request AS request USING done
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
        INSERT INTO channel_session_request (tenant_id, session_id, request_id, digest, revision, changed, document, at)
        SELECT tenant_id, id, request_id, digest, revision, changed, document, at
        FROM unnest($23::bigint[], $24::text[], $25::bytea[], $26::bigint[], $27::boolean[], $28::text[], $29::bigint[])
             AS request(place, request_id, digest, revision, changed, document, at)
        JOIN done USING (place)
    )
    SELECT place FROM written";

/// Removes what a deletion left of request ids: one that was recorded while the deletion waited for its row.
const ERASE: &str = "
    DELETE FROM channel_session_request AS request
    USING unnest($1::text[], $2::text[], $3::bigint[]) AS item(tenant_id, id, revision)
    WHERE request.tenant_id = item.tenant_id AND request.session_id = item.id AND request.revision <= item.revision";

/// Writes parts, each of another session, and says of each whether it was written.
pub(crate) async fn run(connection: &mut Lease, parts: &[Part]) -> Result<Vec<bool>, sqlx::Error> {
    // Should a deletion have been cut off before it had erased everything, it is done now.
    erase(connection, parts.iter().filter(|part| part.write.restarts)).await?;
    let query = match parts {
        [part]
            if part.write.is_update()
                && let [event] = &*part.write.events =>
        {
            bind_one(part, event)
        }
        _ if parts.iter().all(|part| part.write.is_update()) => {
            bind(sqlx::query(UPDATE), parts, |write, event| event.document_beside(write))
        }
        _ => bind_rest(bind(sqlx::query(WRITE), parts, |_, event| event.document.as_deref()), parts),
    };
    let mut written = vec![false; parts.len()];
    for row in connection.fetch_all(query).await? {
        written[place(&row)?] = true;
    }
    let deleted = parts.iter().zip(&written).filter(|(part, written)| **written && part.write.erase);
    if let Err(error) = erase(connection, deleted.map(|(part, _)| part)).await {
        // What was written stays written: it is done before anything else is stored under these ids.
        tracing::warn!(%error, "what a deletion left of request ids could not be removed yet");
    }
    Ok(written)
}

type Query<'a> = sqlx::query::Query<'a, Postgres, PgArguments>;

/// What [`UPDATE_ONE`] takes.
fn bind_one<'a>(part: &'a Part, event: &'a Event) -> Query<'a> {
    sqlx::query(UPDATE_ONE)
        .bind(part.tenant.as_str())
        .bind(part.id.as_str())
        .bind(part.write.expected.get())
        .bind(part.write.revision.get())
        .bind(part.write.document.as_deref())
        .bind(event.name.as_str())
        .bind(event.at.millis())
        .bind(event.requester.as_str())
        .bind(event.request_id.as_ref().map(RequestId::as_str))
        .bind(event.trace_id.map(|id| id.to_string()))
        .bind(changes_to_text(&event.changes))
        .bind(event.document_beside(&part.write))
}

/// What the other two statements take: documents and events.
fn bind<'a>(
    query: Query<'a>,
    parts: &'a [Part],
    document: fn(&Write, &'a Event) -> Option<&'a str>,
) -> Query<'a> {
    let events: Vec<(i64, &Write, &Event)> = flat(parts, |write| &write.events);
    let request_id = |event: &'a Event| event.request_id.as_ref().map(RequestId::as_str);
    query
        .bind(parts.iter().map(|part| part.tenant.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.write.expected.get()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.write.revision.get()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.write.document.as_deref()).collect::<Vec<_>>())
        .bind(events.iter().map(|(place, ..)| *place).collect::<Vec<_>>())
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
fn bind_rest<'a>(query: Query<'a>, parts: &'a [Part]) -> Query<'a> {
    let events: Vec<(i64, &Write, &Event)> = flat(parts, |write| &write.events);
    let requests: Vec<(i64, &Write, &Recorded)> = flat(parts, |write| &write.requests);
    let writes = || parts.iter().map(|part| &part.write);
    let keys = |read: fn(&Keys) -> Option<&str>| -> Vec<Option<&str>> {
        writes().map(|write| write.keys.as_ref().and_then(read)).collect()
    };
    query
        .bind(keys(|keys| keys.conversation_id.as_deref()))
        .bind(keys(|keys| keys.customer_id.as_deref()))
        .bind(keys(|keys| keys.channel_type.as_deref()))
        .bind(writes().map(|write| write.keys.as_ref().map(|keys| keys.active)).collect::<Vec<_>>())
        .bind(writes().map(ended_at).collect::<Vec<_>>())
        .bind(writes().map(|write| write.ended != Ended::AsStored).collect::<Vec<_>>())
        .bind(writes().map(|write| write.erase).collect::<Vec<_>>())
        .bind(events.iter().map(|(.., event)| event.conversation_id.as_deref()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(place, ..)| *place).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.request_id.as_str()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.digest.as_bytes()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.revision.get()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.changed).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.document.as_str()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(.., request)| request.at.millis()).collect::<Vec<_>>())
}

async fn erase(connection: &mut Lease, parts: impl Iterator<Item = &Part>) -> Result<(), sqlx::Error> {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        return Ok(());
    }
    let erase = sqlx::query(ERASE)
        .bind(parts.iter().map(|part| part.tenant.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.write.expected.get()).collect::<Vec<_>>());
    connection.execute(erase).await
}

fn ended_at(write: &Write) -> Option<i64> {
    match write.ended {
        Ended::At(Some(at)) => Some(at.millis()),
        Ended::At(None) | Ended::AsStored => None,
    }
}

/// What belongs to all parts, each with its part's place as ordinality counts it, and with what is written of that.
fn flat<T>(parts: &[Part], of: fn(&Write) -> &Vec<T>) -> Vec<(i64, &Write, &T)> {
    let mut flat = Vec::with_capacity(parts.len());
    for (place, part) in (1..).zip(parts) {
        flat.extend(of(&part.write).iter().map(|it| (place, &part.write, it)));
    }
    flat
}

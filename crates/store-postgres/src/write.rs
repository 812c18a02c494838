//! Writing what has been decided: one statement for many sessions, with their events and requests.

use domain::{
    event::{Event, changes_to_text},
    list::Keys,
    request_id::{Recorded, RequestId},
    working::{Ended, Write},
};
use sqlx::PgConnection;

use crate::{change::Part, load::place};

/// Writes each session only where its revision is the expected one, and what belongs to it only where the session was
/// written. An UPDATE that had to wait for another one finds the revision changed, and does nothing.
const WRITE: &str = "
    WITH item AS MATERIALIZED (
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
                    $9::boolean[], $10::bigint[], $11::boolean[], $12::boolean[])
             WITH ORDINALITY AS item(tenant_id, id, expected, revision, document, conversation_id, customer_id,
                                     channel_type, active, ended_at, ends, erase, place)
    ), replaced AS (
        UPDATE channel_session AS session
        SET revision = item.revision, document = item.document::jsonb, conversation_id = item.conversation_id,
            customer_id = item.customer_id, channel_type = item.channel_type, active = item.active,
            ended_at = CASE WHEN item.ends THEN item.ended_at ELSE session.ended_at END
        FROM item
        WHERE session.tenant_id = item.tenant_id AND session.id = item.id AND session.revision = item.expected
        RETURNING item.place
    ), added AS (
        INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type,
                                     active, ended_at)
        SELECT tenant_id, id, revision, document::jsonb, conversation_id, customer_id, channel_type, active,
               ended_at
        FROM item
        WHERE expected = 0
        ON CONFLICT (tenant_id, id) DO NOTHING
        RETURNING tenant_id, id
    ), written AS MATERIALIZED (
        SELECT place FROM replaced
        UNION ALL
        SELECT item.place FROM item JOIN added USING (tenant_id, id)
    ), done AS MATERIALIZED (
        SELECT item.* FROM item JOIN written USING (place)
    ), forgotten AS (
        DELETE FROM channel_session_event AS event USING done
        WHERE done.erase AND event.tenant_id = done.tenant_id AND event.session_id = done.id
    ), withdrawn AS (
        DELETE FROM channel_session_request AS request USING done
        WHERE done.erase AND request.tenant_id = done.tenant_id AND request.session_id = done.id
    ), told AS (
        INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester,
                                           request_id, changes, document)
        SELECT done.tenant_id, done.id, event.revision, event.name, event.at, event.conversation_id, event.requester,
               event.request_id, event.changes, event.document
        FROM unnest($13::bigint[], $14::bigint[], $15::text[], $16::bigint[], $17::text[], $18::text[], $19::text[],
                    $20::text[], $21::text[])
             WITH ORDINALITY AS event(place, revision, name, at, conversation_id, requester, request_id, changes,
                                      document, number)
        JOIN done USING (place)
        ORDER BY event.number
    ), kept AS (
        INSERT INTO channel_session_request (tenant_id, session_id, request_id, digest, revision, changed, document, at)
        SELECT done.tenant_id, done.id, request.request_id, request.digest, request.revision, request.changed,
               request.document, request.at
        FROM unnest($22::bigint[], $23::text[], $24::bytea[], $25::bigint[], $26::boolean[], $27::text[], $28::bigint[])
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
pub(crate) async fn run(connection: &mut PgConnection, parts: &[Part]) -> Result<Vec<bool>, sqlx::Error> {
    // Should a deletion have been cut off before it had erased everything, it is done now.
    erase(connection, parts.iter().filter(|part| part.write.restarts)).await?;
    let events: Vec<(i64, &Event)> = flat(parts, |write| &write.events);
    let requests: Vec<(i64, &Recorded)> = flat(parts, |write| &write.requests);
    let writes = || parts.iter().map(|part| &part.write);
    let keys = |read: fn(&Keys) -> Option<&str>| -> Vec<Option<&str>> {
        writes().map(|write| write.keys.as_ref().and_then(read)).collect()
    };
    let rows = sqlx::query(WRITE)
        .bind(parts.iter().map(|part| part.tenant.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>())
        .bind(writes().map(|write| write.expected.get()).collect::<Vec<_>>())
        .bind(writes().map(|write| write.revision.get()).collect::<Vec<_>>())
        .bind(writes().map(|write| write.document.as_deref()).collect::<Vec<_>>())
        .bind(keys(|keys| keys.conversation_id.as_deref()))
        .bind(keys(|keys| keys.customer_id.as_deref()))
        .bind(keys(|keys| keys.channel_type.as_deref()))
        .bind(writes().map(|write| write.keys.as_ref().map(|keys| keys.active)).collect::<Vec<_>>())
        .bind(writes().map(ended_at).collect::<Vec<_>>())
        .bind(writes().map(|write| write.ended != Ended::AsStored).collect::<Vec<_>>())
        .bind(writes().map(|write| write.erase).collect::<Vec<_>>())
        .bind(events.iter().map(|(place, _)| *place).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.revision.get()).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.name.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.at.millis()).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.conversation_id.as_deref()).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.requester.as_str()).collect::<Vec<_>>())
        .bind(
            events
                .iter()
                .map(|(_, event)| event.request_id.as_ref().map(RequestId::as_str))
                .collect::<Vec<_>>(),
        )
        .bind(events.iter().map(|(_, event)| changes_to_text(&event.changes)).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.document.as_deref()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(place, _)| *place).collect::<Vec<_>>())
        .bind(requests.iter().map(|(_, request)| request.request_id.as_str()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(_, request)| request.digest.as_bytes()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(_, request)| request.revision.get()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(_, request)| request.changed).collect::<Vec<_>>())
        .bind(requests.iter().map(|(_, request)| request.document.as_str()).collect::<Vec<_>>())
        .bind(requests.iter().map(|(_, request)| request.at.millis()).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
    let mut written = vec![false; parts.len()];
    for row in &rows {
        written[place(row)?] = true;
    }
    let deleted = parts.iter().zip(&written).filter(|(part, written)| **written && part.write.erase);
    erase(connection, deleted.map(|(part, _)| part)).await?;
    Ok(written)
}

async fn erase(connection: &mut PgConnection, parts: impl Iterator<Item = &Part>) -> Result<(), sqlx::Error> {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        return Ok(());
    }
    sqlx::query(ERASE)
        .bind(parts.iter().map(|part| part.tenant.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.write.expected.get()).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(drop)
}

fn ended_at(write: &Write) -> Option<i64> {
    match write.ended {
        Ended::At(Some(at)) => Some(at.millis()),
        Ended::At(None) | Ended::AsStored => None,
    }
}

/// What belongs to all parts, each with its part's place as ordinality counts it.
fn flat<T>(parts: &[Part], of: fn(&Write) -> &Vec<T>) -> Vec<(i64, &T)> {
    (1..).zip(parts).flat_map(|(place, part)| of(&part.write).iter().map(move |it| (place, it))).collect()
}

//! Writing what has been decided of sessions, with their events and requests.
//!
//! A statement costs a message to SQLite's thread and back, which is more than what it does. So what nearly all writes are,
//! new data of a session, is written many sessions at a time.

use domain::{
    event::{Event, changes_to_text},
    request_id::{Recorded, RequestId},
    session::{Id, TenantId},
    working::{Ended, Write},
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

const SESSION: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active,
                                 ended_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET revision = excluded.revision, document = excluded.document, conversation_id = excluded.conversation_id,
        customer_id = excluded.customer_id, channel_type = excluded.channel_type, active = excluded.active,
        ended_at = CASE WHEN ?10 THEN excluded.ended_at ELSE channel_session.ended_at END";

const EVENTS: &str = "
    INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, conversation_id, requester, request_id,
                                       changes, document) ";

const REQUEST: &str = "
    INSERT INTO channel_session_request (tenant_id, session_id, request_id, digest, revision, changed, document, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

const ERASE_EVENTS: &str = "DELETE FROM channel_session_event WHERE tenant_id = ? AND session_id = ?";
const ERASE_REQUESTS: &str = "DELETE FROM channel_session_request WHERE tenant_id = ? AND session_id = ?";

/// What is to be written of one session.
pub(crate) struct Part<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) id: &'a Id,
    pub(crate) write: Write,
}

/// Writes parts, each of another session.
pub(crate) async fn run(connection: &mut SqliteConnection, parts: Vec<Part<'_>>) -> Result<(), sqlx::Error> {
    let (updates, others): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|part| !part.write.rekeyed && part.write.requests.is_empty());
    for updates in chunks(&updates) {
        update(connection, updates).await?;
    }
    let events: Vec<&Event> = updates.iter().flat_map(|part| &part.write.events).collect();
    insert_events(connection, &events).await?;
    for Part { tenant, id, write } in &others {
        write_one(connection, tenant, id, write).await?;
    }
    Ok(())
}

/// Gives sessions that are there new data.
async fn update(connection: &mut SqliteConnection, parts: &[Part<'_>]) -> Result<(), sqlx::Error> {
    QueryBuilder::<Sqlite>::new(
        "UPDATE channel_session SET revision = item.column3, document = item.column4 FROM (",
    )
    .push_values(parts, |mut row, part| {
        row.push_bind(part.tenant.as_str())
            .push_bind(part.id.as_str())
            .push_bind(part.write.revision.get())
            .push_bind(&part.write.document);
    })
    .push(") AS item WHERE tenant_id = item.column1 AND id = item.column2")
    .build()
    .execute(connection)
    .await
    .map(drop)
}

async fn insert_events(connection: &mut SqliteConnection, events: &[&Event]) -> Result<(), sqlx::Error> {
    for events in chunks(events) {
        QueryBuilder::<Sqlite>::new(EVENTS)
            .push_values(events, |mut row, event| {
                row.push_bind(event.tenant.as_str())
                    .push_bind(event.session_id.as_str())
                    .push_bind(event.revision.get())
                    .push_bind(event.name.as_str())
                    .push_bind(event.at.millis())
                    .push_bind(&event.conversation_id)
                    .push_bind(event.requester.as_str())
                    .push_bind(event.request_id.as_ref().map(RequestId::as_str))
                    .push_bind(changes_to_text(&event.changes))
                    .push_bind(&event.document);
            })
            .build()
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The largest chunk.
const MAX_CHUNK: usize = 64;

/// Cuts a list in chunks whose lengths are powers of two, so that there are few different statements to prepare.
fn chunks<T>(mut list: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = 1 << list.len().min(MAX_CHUNK).checked_ilog2()?;
        let chunk;
        (chunk, list) = list.split_at(size);
        Some(chunk)
    })
}

async fn write_one(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &Id,
    write: &Write,
) -> Result<(), sqlx::Error> {
    let keys = write.keys.as_ref();
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
    insert_events(connection, &write.events.iter().collect::<Vec<_>>()).await?;
    for request in &write.requests {
        insert_request(connection, tenant, id, request).await?;
    }
    Ok(())
}

async fn insert_request(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &Id,
    request: &Recorded,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_in_few_sizes_and_nothing_of_it_is_lost() {
        for len in 0..200 {
            let list: Vec<_> = (0..len).collect();
            let sizes: Vec<_> = chunks(&list).map(<[_]>::len).collect();
            assert!(sizes.iter().all(|size| size.is_power_of_two() && *size <= MAX_CHUNK), "{sizes:?}");
            assert_eq!(chunks(&list).flatten().copied().collect::<Vec<_>>(), list);
        }
    }
}

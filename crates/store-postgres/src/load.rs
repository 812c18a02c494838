//! Reading what commands are about: sessions as they stand, and idempotency records.

use domain::{
    Error,
    batch::{Key, SessionState},
    command::Command,
    request_id::{Digest, IdempotencyRecord, RequestId},
    session::Revision,
    time::Timestamp,
};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{
    connections::Lease,
    error,
    event::{self, past},
};

const SESSIONS: &str = "
    SELECT item.ordinal, session.revision, session.document::text AS document
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS item(tenant_id, id, ordinal)
    JOIN channel_session AS session ON session.tenant_id = item.tenant_id AND session.id = item.id";

/// The same for one session. A statement about lists takes longer.
const SESSION: &str = "
    SELECT 1::bigint AS ordinal, revision, document::text AS document
    FROM channel_session
    WHERE tenant_id = $1 AND id = $2";

/// With what an answer is rebuilt from that was not kept.
const IDEMPOTENCY_RECORDS: &str = concat!(
    "SELECT item.ordinal, record.digest, record.revision, record.changed, record.document, record.at, past.*
     FROM unnest($1::text[], $2::text[], $3::text[])
          WITH ORDINALITY AS item(tenant_id, session_id, request_id, ordinal)
     JOIN channel_session_idempotency_record AS record USING (tenant_id, session_id, request_id)
     LEFT JOIN LATERAL ",
    past!("record"),
    " AS past ON record.document IS NULL"
);

/// A session's state for each key, in order.
pub(crate) async fn run(
    connection: &mut Lease,
    keys: &[Key<'_>],
    commands: &[&Command],
) -> Result<Vec<Result<SessionState, Error>>, Error> {
    let mut states: Vec<_> =
        keys.iter().map(|&(tenant, id)| Ok(SessionState::missing(tenant.clone(), id.clone()))).collect();
    for row in connection.fetch_all(sessions(keys)).await.map_err(error::of_read)? {
        let index = index(&row).map_err(error::of_read)?;
        let (tenant, id) = keys[index];
        let (revision, document) = session(&row).map_err(error::of_read)?;
        states[index] = SessionState::stored(tenant.clone(), id.clone(), revision, document);
    }

    // After the sessions: a record that has just been added for a later revision is found all the same.
    let named: Vec<_> =
        commands.iter().filter_map(|command| Some((command, command.request_id.as_ref()?))).collect();
    if named.is_empty() {
        return Ok(states);
    }
    let records = sqlx::query(IDEMPOTENCY_RECORDS)
        .bind(named.iter().map(|(command, _)| command.tenant.as_str()).collect::<Vec<_>>())
        .bind(named.iter().map(|(command, _)| command.id.as_str()).collect::<Vec<_>>())
        .bind(named.iter().map(|(_, request_id)| request_id.as_str()).collect::<Vec<_>>());
    for row in connection.fetch_all(records).await.map_err(error::of_read)? {
        let (command, request_id) = named[index(&row).map_err(error::of_read)?];
        let record = record(&row, request_id)?;
        let index = keys.binary_search(&(&command.tenant, &command.id));
        if let Some(Ok(state)) = index.ok().and_then(|index| states.get_mut(index)) {
            state.add_stored_record(record);
        }
    }
    Ok(states)
}

/// Asks for the sessions that there are: each with its index, its revision and its document.
pub(crate) fn sessions<'a>(keys: &[Key<'a>]) -> Query<'a, Postgres, PgArguments> {
    match keys {
        [(tenant, id)] => sqlx::query(SESSION).bind(tenant.as_str()).bind(id.as_str()),
        _ => sqlx::query(SESSIONS)
            .bind(keys.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
            .bind(keys.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>()),
    }
}

/// The revision and the document of a session's row; what was deleted left only its revision.
pub(crate) fn session(row: &PgRow) -> Result<(Revision, Option<String>), sqlx::Error> {
    let document: Option<&str> = row.try_get("document")?;
    Ok((Revision::new(row.try_get("revision")?), document.map(json::compact)))
}

fn record(row: &PgRow, request_id: &RequestId) -> Result<IdempotencyRecord, Error> {
    let (stored, kept) = stored_record(row, request_id).map_err(error::of_read)?;
    if let Some(document) = kept {
        return Ok(IdempotencyRecord { document, ..stored });
    }
    let document = event::document(row, stored.revision)?.ok_or_else(|| {
        let what =
            "what the answer of a request id is rebuilt from has expired: keep events as long as request ids";
        Error::Internal(what.into())
    })?;
    Ok(IdempotencyRecord { document: document.into_text(), ..stored })
}

/// The record without its answer's document, and that where it was kept.
fn stored_record(
    row: &PgRow,
    request_id: &RequestId,
) -> Result<(IdempotencyRecord, Option<String>), sqlx::Error> {
    let record = IdempotencyRecord {
        request_id: request_id.clone(),
        digest: Digest::from_stored(row.try_get("digest")?),
        revision: Revision::new(row.try_get("revision")?),
        changed: row.try_get("changed")?,
        document: String::new(),
        keeps_document: false,
        at: Timestamp::from_millis(row.try_get("at")?),
    };
    Ok((record, row.try_get("document")?))
}

/// Which item of a list a row is about, counted from 0; its ordinal counts from 1.
pub(crate) fn index(row: &PgRow) -> Result<usize, sqlx::Error> {
    let ordinal: i64 = row.try_get("ordinal")?;
    usize::try_from(ordinal - 1).map_err(|error| sqlx::Error::Decode(error.into()))
}

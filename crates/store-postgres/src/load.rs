//! Reading what commands are about: sessions as they stand, and idempotency records.

use batcher::LockWait;
use domain::{
    Error,
    batch::{Key, SessionState},
    command::Command,
    request_id::{Digest, IdempotencyRecord, RequestId},
    session::Revision,
    time::Timestamp,
};
use sqlx::{
    Postgres, Row, ValueRef,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{
    connections::Lease,
    error,
    event::{self, past},
    row_security::Rows,
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

/// The same with idempotency records, of one moment: a record is there as long as its session is, and of two statements the
/// second one could miss what the first one saw, or see more. A record comes with what its answer is rebuilt from, where that
/// was not kept.
const SESSIONS_AND_RECORDS: &str = concat!(
    "SELECT item.ordinal, session.revision, session.document::text AS document,
            NULL::bytea AS digest, NULL::boolean AS changed, NULL::bigint AS at,
            NULL::bigint AS session_revision, NULL::text AS session_document, NULL::bigint[] AS later_revisions,
            NULL::text[] AS later_changes, NULL::text[] AS later_documents_before
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS item(tenant_id, id, ordinal)
     JOIN channel_session AS session ON session.tenant_id = item.tenant_id AND session.id = item.id
     UNION ALL
     SELECT item.ordinal, record.revision, record.document, record.digest, record.changed, record.at, past.*
     FROM unnest($3::text[], $4::text[], $5::text[])
          WITH ORDINALITY AS item(tenant_id, session_id, request_id, ordinal)
     JOIN channel_session_idempotency_record AS record USING (tenant_id, session_id, request_id)
     LEFT JOIN LATERAL ",
    past!("record"),
    " AS past ON record.document IS NULL"
);

/// A session's state for each key, in order.
pub(crate) async fn run(
    connection: &mut Lease,
    whose: Rows<'_>,
    keys: &[Key<'_>],
    commands: &[&Command],
) -> Result<Vec<Result<SessionState, Error>>, Error> {
    let named: Vec<_> =
        commands.iter().filter_map(|command| Some((command, command.request_id.as_ref()?))).collect();
    let query = || if named.is_empty() { sessions(keys) } else { sessions_and_records(keys, &named) };
    let rows = match connection.fetch_all(whose, query()).await {
        // No row's lock is in a read's way: somebody has locked the whole table, mostly for a moment.
        Err(error) if error::is_locked(&error) => {
            connection.wait_for_locks(LockWait::Long).await.map_err(error::of_read)?;
            connection.fetch_all(whose, query()).await
        }
        rows => rows,
    };
    let rows = rows.map_err(error::of_read)?;
    let is_record =
        |row: &PgRow| !named.is_empty() && row.try_get_raw("digest").is_ok_and(|it| !it.is_null());
    let (records, sessions): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_record);

    let mut states: Vec<_> =
        keys.iter().map(|&(tenant, id)| Ok(SessionState::missing(tenant.clone(), id.clone()))).collect();
    for row in sessions {
        let index = index(&row).map_err(error::of_read)?;
        let (tenant, id) = keys[index];
        let (revision, document) = session(&row).map_err(error::of_read)?;
        states[index] = SessionState::stored(tenant.clone(), id.clone(), revision, document);
    }
    for row in records {
        let (command, request_id) = named[index(&row).map_err(error::of_read)?];
        let record = record(&row, request_id)?;
        let index = keys.binary_search(&(&command.tenant, &command.id));
        if let Some(Ok(state)) = index.ok().and_then(|index| states.get_mut(index)) {
            state.add_stored_record(record);
        }
    }
    Ok(states)
}

fn sessions_and_records<'a>(
    keys: &[Key<'a>],
    named: &[(&&'a Command, &'a RequestId)],
) -> Query<'a, Postgres, PgArguments> {
    sqlx::query(SESSIONS_AND_RECORDS)
        .bind(keys.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>())
        .bind(named.iter().map(|(command, _)| command.tenant.as_str()).collect::<Vec<_>>())
        .bind(named.iter().map(|(command, _)| command.id.as_str()).collect::<Vec<_>>())
        .bind(named.iter().map(|(_, request_id)| request_id.as_str()).collect::<Vec<_>>())
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

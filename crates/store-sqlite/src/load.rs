//! Reading what commands are about: sessions as they stand, and idempotency records.

use domain::{
    Error,
    batch::{Key, SessionState, SessionWrite},
    command::Command,
    request_id::{Digest, IdempotencyRecord, RequestId},
    session::Revision,
    time::Timestamp,
};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    error,
    event::{self, past},
};

const SESSIONS: &str = "
    SELECT item.key AS item_index, session.revision, session.document
    FROM json_each(?) AS item
    JOIN channel_session AS session ON session.tenant_id = item.value ->> 0 AND session.id = item.value ->> 1";

const REVISIONS: &str = "
    SELECT item.key AS item_index, session.revision
    FROM json_each(?) AS item
    JOIN channel_session AS session ON session.tenant_id = item.value ->> 0 AND session.id = item.value ->> 1";

const HAS_RECORD: &str = "
    SELECT 1 FROM channel_session_idempotency_record WHERE tenant_id = ? AND session_id = ? AND request_id = ?";

/// With what an answer is rebuilt from that was not kept.
const IDEMPOTENCY_RECORD: &str = concat!(
    "SELECT record.digest, record.revision, record.changed, record.document, record.at, ",
    past!("record"),
    " FROM channel_session_idempotency_record AS record
      WHERE record.tenant_id = ? AND record.session_id = ? AND record.request_id = ?"
);

/// A session's state for each key, in order.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    keys: &[Key<'_>],
    commands: &[&Command],
) -> Result<Vec<Result<SessionState, Error>>, Error> {
    if commands.iter().all(|command| command.request_id.is_none()) {
        return sessions(connection, keys).await;
    }
    // Of one moment: a record is there as long as its session is, and another process may delete both in between.
    let mut transaction = connection.begin().await.map_err(error::of_read)?;
    let mut states = sessions(&mut transaction, keys).await?;
    for command in commands {
        let Some(request_id) = &command.request_id else { continue };
        let Some(record) = stored_record(&mut transaction, command, request_id).await? else { continue };
        let index = keys.binary_search(&(&command.tenant, &command.id));
        if let Some(Ok(state)) = index.ok().and_then(|index| states.get_mut(index)) {
            state.add_stored_record(record);
        }
    }
    transaction.commit().await.map_err(error::of_read)?;
    Ok(states)
}

async fn sessions(
    connection: &mut SqliteConnection,
    keys: &[Key<'_>],
) -> Result<Vec<Result<SessionState, Error>>, Error> {
    let mut states: Vec<_> =
        keys.iter().map(|&(tenant, id)| Ok(SessionState::missing(tenant.clone(), id.clone()))).collect();
    let query = sqlx::query(SESSIONS).bind(names(keys).map_err(error::of_read)?);
    for row in query.fetch_all(connection).await.map_err(error::of_read)? {
        let index = index(&row).map_err(error::of_read)?;
        let (tenant, id) = keys[index];
        let (revision, document) = session(&row).map_err(error::of_read)?;
        states[index] = SessionState::stored(tenant.clone(), id.clone(), revision, document);
    }
    Ok(states)
}

/// A session's revision for each key, in order; none where there is no such session.
pub(crate) async fn revisions(
    connection: &mut SqliteConnection,
    keys: &[Key<'_>],
) -> Result<Vec<Revision>, sqlx::Error> {
    let mut revisions = vec![Revision::NONE; keys.len()];
    for row in sqlx::query(REVISIONS).bind(names(keys)?).fetch_all(connection).await? {
        revisions[index(&row)?] = Revision::new(row.try_get("revision")?);
    }
    Ok(revisions)
}

/// Whether one of the request ids of what is to be written has a record.
pub(crate) async fn has_record(
    connection: &mut SqliteConnection,
    write: &SessionWrite,
) -> Result<bool, sqlx::Error> {
    for record in &write.idempotency_records {
        let query = sqlx::query(HAS_RECORD)
            .bind(write.tenant.as_str())
            .bind(write.id.as_str())
            .bind(record.request_id.as_str());
        if query.fetch_optional(&mut *connection).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keys as a JSON array of pairs.
fn names(keys: &[Key<'_>]) -> Result<String, sqlx::Error> {
    let names: Vec<_> = keys.iter().map(|(tenant, id)| [tenant.as_str(), id.as_str()]).collect();
    serde_json::to_string(&names).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Which key a row is about.
fn index(row: &SqliteRow) -> Result<usize, sqlx::Error> {
    let index: i64 = row.try_get("item_index")?;
    usize::try_from(index).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The record of the request that a command repeats, if it repeats one.
async fn stored_record(
    connection: &mut SqliteConnection,
    command: &Command,
    request_id: &RequestId,
) -> Result<Option<IdempotencyRecord>, Error> {
    let row = sqlx::query(IDEMPOTENCY_RECORD)
        .bind(command.tenant.as_str())
        .bind(command.id.as_str())
        .bind(request_id.as_str())
        .fetch_optional(connection)
        .await
        .map_err(error::of_read)?;
    let Some(row) = row else { return Ok(None) };
    let (record, kept) = record(&row, request_id).map_err(error::of_read)?;
    if let Some(document) = kept {
        return Ok(Some(IdempotencyRecord { document, ..record }));
    }
    let document = event::document(&row, record.revision)?.ok_or_else(|| {
        let what =
            "what the answer of a request id is rebuilt from has expired: keep events as long as request ids";
        Error::Internal(what.into())
    })?;
    Ok(Some(IdempotencyRecord { document: document.into_text(), ..record }))
}

/// The record without its answer's document, and that where it was kept.
fn record(
    row: &SqliteRow,
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

/// The revision and the document of a session's row; what was deleted left only its revision.
fn session(row: &SqliteRow) -> Result<(Revision, Option<String>), sqlx::Error> {
    Ok((Revision::new(row.try_get("revision")?), row.try_get("document")?))
}

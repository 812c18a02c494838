//! Reading what commands are about: sessions as they stand, and idempotency records.

use domain::{
    Error,
    batch::{Key, SessionState},
    command::Command,
    request_id::{Digest, IdempotencyRecord, RequestId},
    session::Revision,
    time::Timestamp,
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

const SESSIONS: &str = "
    SELECT item.key AS item_index, session.revision, session.document
    FROM json_each(?) AS item
    JOIN channel_session AS session ON session.tenant_id = item.value ->> 0 AND session.id = item.value ->> 1";

const REVISIONS: &str = "
    SELECT item.key AS item_index, session.revision
    FROM json_each(?) AS item
    JOIN channel_session AS session ON session.tenant_id = item.value ->> 0 AND session.id = item.value ->> 1";

const IDEMPOTENCY_RECORD: &str = "
    SELECT digest, revision, changed, document, at
    FROM channel_session_idempotency_record
    WHERE tenant_id = ? AND session_id = ? AND request_id = ?";

/// A session's state for each key, in order.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    keys: &[Key<'_>],
    commands: &[&Command],
) -> Result<Vec<Result<SessionState, Error>>, sqlx::Error> {
    let mut states: Vec<_> =
        keys.iter().map(|&(tenant, id)| Ok(SessionState::missing(tenant.clone(), id.clone()))).collect();
    for row in sqlx::query(SESSIONS).bind(names(keys)?).fetch_all(&mut *connection).await? {
        let index = index(&row)?;
        let (tenant, id) = keys[index];
        let revision = Revision::new(row.try_get("revision")?);
        states[index] = SessionState::stored(tenant.clone(), id.clone(), revision, row.try_get("document")?);
    }
    // After the sessions: a record that has just been added for a later revision is found all the same.
    for command in commands {
        let Some(request_id) = &command.request_id else { continue };
        let Some(record) = stored_record(connection, command, request_id).await? else { continue };
        let index = keys.binary_search(&(&command.tenant, &command.id));
        if let Some(Ok(state)) = index.ok().and_then(|index| states.get_mut(index)) {
            state.add_stored_record(record);
        }
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
) -> Result<Option<IdempotencyRecord>, sqlx::Error> {
    let row = sqlx::query(IDEMPOTENCY_RECORD)
        .bind(command.tenant.as_str())
        .bind(command.id.as_str())
        .bind(request_id.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(IdempotencyRecord {
        request_id: request_id.clone(),
        digest: Digest::from_stored(row.try_get("digest")?),
        revision: Revision::new(row.try_get("revision")?),
        changed: row.try_get("changed")?,
        document: row.try_get("document")?,
        at: Timestamp::from_millis(row.try_get("at")?),
    }))
}

//! Reading what a change is about: a session as it stands, and requests that came before.

use std::collections::{HashMap, hash_map::Entry};

use domain::{
    Error,
    change::Change,
    request_id::{Digest, Recorded, RequestId},
    session::{Id, Revision, TenantId},
    time::Timestamp,
    working::Working,
};
use sqlx::{Row, SqliteConnection};

/// The state of a change's session: as earlier changes of the batch left it, or else as it is stored. The request that the
/// change repeats, if it repeats one, is known to it then.
pub(crate) async fn session<'a, 's>(
    connection: &mut SqliteConnection,
    sessions: &'s mut HashMap<(&'a TenantId, &'a Id), Working>,
    change: &'a Change,
) -> Result<Result<&'s mut Working, Error>, sqlx::Error> {
    let session = match sessions.entry((&change.tenant, &change.id)) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => match stored(connection, &change.tenant, &change.id).await? {
            Ok(session) => place.insert(session),
            Err(error) => return Ok(Err(error)),
        },
    };
    if let Some(request_id) = &change.request_id
        && let Some(request) = recorded(connection, change, request_id).await?
    {
        session.recall(request);
    }
    Ok(Ok(session))
}

async fn stored(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &Id,
) -> Result<Result<Working, Error>, sqlx::Error> {
    let row = sqlx::query("SELECT revision, document FROM channel_session WHERE tenant_id = ? AND id = ?")
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(Ok(Working::missing(tenant.clone(), id.clone()))) };
    let revision = Revision::new(row.try_get(0)?);
    Ok(Working::stored(tenant.clone(), id.clone(), revision, row.try_get(1)?))
}

async fn recorded(
    connection: &mut SqliteConnection,
    change: &Change,
    request_id: &RequestId,
) -> Result<Option<Recorded>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT digest, revision, changed, document, at FROM channel_session_request
         WHERE tenant_id = ? AND session_id = ? AND request_id = ?",
    )
    .bind(change.tenant.as_str())
    .bind(change.id.as_str())
    .bind(request_id.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Recorded {
        request_id: request_id.clone(),
        digest: Digest::from_stored(row.try_get(0)?),
        revision: Revision::new(row.try_get(1)?),
        changed: row.try_get(2)?,
        document: row.try_get(3)?,
        at: Timestamp::from_millis(row.try_get(4)?),
    }))
}

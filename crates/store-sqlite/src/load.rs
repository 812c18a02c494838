//! Reading what changes are about: sessions as they stand, and requests that came before.

use std::collections::{BTreeSet, HashMap};

use domain::{
    Error,
    change::Change,
    request_id::{Digest, Recorded},
    session::{Id, Revision, TenantId},
    time::Timestamp,
    working::Working,
};
use sqlx::{Row, SqliteConnection};

const SESSIONS: &str = "
    SELECT item.key, session.revision, session.document
    FROM json_each(?) AS item
    JOIN channel_session AS session ON session.tenant_id = item.value ->> 0 AND session.id = item.value ->> 1";

/// The sessions of a batch, each once, as they are stored.
pub(crate) async fn sessions<'a>(
    connection: &mut SqliteConnection,
    changes: &'a [Change],
) -> Result<HashMap<Key<'a>, Result<Working, Error>>, sqlx::Error> {
    let missing = |&(tenant, id): &Key<'a>| Ok(Working::missing(tenant.clone(), id.clone()));
    let keys: BTreeSet<Key<'a>> = changes.iter().map(|change| (&change.tenant, &change.id)).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    let mut sessions: HashMap<_, _> = keys.iter().map(|key| (*key, missing(key))).collect();
    let names: Vec<_> = keys.iter().map(|(tenant, id)| [tenant.as_str(), id.as_str()]).collect();
    let names = serde_json::to_string(&names).map_err(|error| sqlx::Error::Encode(error.into()))?;
    for row in sqlx::query(SESSIONS).bind(names).fetch_all(connection).await? {
        let at: i64 = row.try_get(0)?;
        let at = usize::try_from(at).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let (tenant, id) = keys[at];
        let revision = Revision::new(row.try_get(1)?);
        sessions.insert(keys[at], Working::stored(tenant.clone(), id.clone(), revision, row.try_get(2)?));
    }
    Ok(sessions)
}

/// Which session a change is about.
pub(crate) type Key<'a> = (&'a TenantId, &'a Id);

/// The request that a change repeats, if it repeats one.
pub(crate) async fn recorded(
    connection: &mut SqliteConnection,
    change: &Change,
) -> Result<Option<Recorded>, sqlx::Error> {
    let Some(request_id) = &change.request_id else { return Ok(None) };
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

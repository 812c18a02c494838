//! Returning a session's past, newest first.

use domain::{
    Error,
    event::Event,
    session::{Id, Revision, TenantId},
};
use sqlx::SqlitePool;

use crate::{
    error,
    event::{columns, read},
};

/// Along the revisions, backwards. A key is looked for in the changes of one session only.
const STATEMENT: &str = concat!(
    "SELECT ",
    columns!("event"),
    "
     FROM channel_session_event AS event
     WHERE tenant_id = ?1 AND session_id = ?2 AND revision < ?3
       AND (?4 IS NULL
            OR EXISTS (SELECT 1 FROM json_each(changes) AS change WHERE change.value ->> '$.key' = ?4))
     ORDER BY revision DESC
     LIMIT ?5"
);

pub(crate) async fn run(
    readers: &SqlitePool,
    tenant: &TenantId,
    id: &Id,
    key: Option<&str>,
    before: Option<Revision>,
    limit: usize,
) -> Result<Vec<Event>, Error> {
    let rows = sqlx::query(STATEMENT)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(before.map_or(i64::MAX, Revision::get))
        .bind(key)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(readers)
        .await
        .map_err(error::of_read)?;
    rows.iter().map(|row| read(row, tenant)).collect()
}

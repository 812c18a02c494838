//! Returning a session's past, newest first.

use domain::{
    Error,
    event::Event,
    session::{Id, Revision, TenantId},
};

use crate::{
    connections::Connections,
    error,
    event::{columns, read},
    row_security::Rows,
};

/// Along the primary key, backwards. A key is looked for in the changes of one session only.
const STATEMENT: &str = concat!(
    "SELECT ",
    columns!("event"),
    "
     FROM channel_session_event AS event
     WHERE tenant_id = $1 AND session_id = $2 AND revision < $3
       AND ($4::text IS NULL
            OR changes::jsonb @> jsonb_build_array(jsonb_build_object('key', $4::text)))
     ORDER BY revision DESC
     LIMIT $5"
);

pub(crate) async fn run(
    connections: &Connections,
    tenant: &TenantId,
    id: &Id,
    key: Option<&str>,
    before: Option<Revision>,
    limit: usize,
) -> Result<Vec<Event>, Error> {
    if key.is_some_and(|key| key.contains('\0')) {
        // No text in the database has U+0000, and it takes none that has.
        return Ok(Vec::new());
    }
    let mut connection = connections.get().await?;
    let query = sqlx::query(STATEMENT)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(before.map_or(i64::MAX, Revision::get))
        .bind(key)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = connection.fetch_all(Rows::Of(tenant), query).await.map_err(error::of_read)?;
    rows.iter().map(|row| read(row, tenant)).collect()
}

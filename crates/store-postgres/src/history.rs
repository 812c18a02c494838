//! Returning a session's past, newest first.

use domain::{
    Error,
    event::Event,
    history::{MAX_SCANNED, MAX_SCANNED_BYTES, Page},
    session::{Id, Revision, TenantId},
};
use sqlx::{Row, postgres::PgRow};

use crate::{
    connections::Connections,
    error,
    event::{columns, read},
    row_security::Rows,
};

/// Along the primary key, backwards.
const ALL: &str = concat!(
    "SELECT ",
    columns!("event"),
    "
     FROM channel_session_event AS event
     WHERE tenant_id = $1 AND session_id = $2 AND revision < $3
     ORDER BY revision DESC
     LIMIT $4"
);

/// The same among the newest alone: as many as are looked at for a page, or as have so many bytes before them, which is
/// known without reading the changes. `head` says, also where no event is the key's, which is the next that was not
/// looked at.
const OF_KEY: &str = concat!(
    "WITH scanned AS MATERIALIZED (
         SELECT revision, sum(bytes) OVER (ORDER BY revision DESC) - bytes AS bytes_before
         FROM (SELECT revision, octet_length(changes) AS bytes FROM channel_session_event
               WHERE tenant_id = $1 AND session_id = $2 AND revision < $3
               ORDER BY revision DESC
               LIMIT 1024) AS newest
     ), head AS MATERIALIZED (
         SELECT max(revision) AS unseen FROM channel_session_event
         WHERE tenant_id = $1 AND session_id = $2
           AND revision < (SELECT min(revision) FROM scanned WHERE bytes_before < 1048576)
     ), page AS MATERIALIZED (
         SELECT ",
    columns!("event"),
    "
         FROM channel_session_event AS event
         WHERE tenant_id = $1 AND session_id = $2 AND revision < $3
           AND revision > (SELECT coalesce(unseen, 0) FROM head)
           AND changes::jsonb @> jsonb_build_array(jsonb_build_object('key', $4::text))
         ORDER BY revision DESC
         LIMIT $5
     )
     SELECT head.unseen, ",
    columns!("page"),
    "
     FROM head LEFT JOIN page ON true
     ORDER BY page.revision DESC"
);

/// What the statement has as literals.
const _: () = assert!(MAX_SCANNED == 1024 && MAX_SCANNED_BYTES == 1_048_576, "OF_KEY looks at as many");

pub(crate) async fn run(
    connections: &Connections,
    tenant: &TenantId,
    id: &Id,
    key: Option<&str>,
    before: Option<Revision>,
    limit: usize,
) -> Result<Page, Error> {
    if key.is_some_and(|key| key.contains('\0')) {
        // No text in the database has U+0000, and it takes none that has.
        return Ok(Page::default());
    }
    let query = sqlx::query(if key.is_some() { OF_KEY } else { ALL })
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(before.map_or(i64::MAX, Revision::get));
    let query = match key {
        Some(key) => query.bind(key),
        None => query,
    };
    // One more than there is room for, which says whether there is another page.
    let query = query.bind(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX));
    let mut connection = connections.get().await?;
    let rows = connection.fetch_all(Rows::Of(tenant), query).await.map_err(error::of_read)?;
    let end = if key.is_some() { end(rows.first())? } else { None };
    let events = rows.iter().filter_map(|row| event(row, tenant).transpose());
    Ok(Page::of(events.collect::<Result<_, _>>()?, limit, end))
}

/// Where it was looked no further, if there are older events.
fn end(row: Option<&PgRow>) -> Result<Option<Revision>, Error> {
    let row = row.ok_or(sqlx::Error::RowNotFound).map_err(error::of_read)?;
    let unseen: Option<i64> = row.try_get("unseen").map_err(error::of_read)?;
    Ok(unseen.map(|unseen| Revision::new(unseen).next()))
}

/// The event of a row; none in the row that says where the page ends, where there is none.
fn event(row: &PgRow, tenant: &TenantId) -> Result<Option<Event>, Error> {
    let revision: Option<i64> = row.try_get("revision").map_err(error::of_read)?;
    revision.map(|_| read(row, tenant)).transpose()
}

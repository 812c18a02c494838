//! Returning sessions page by page along the index that finds the fewest.

use domain::{
    Error,
    list::{Filter, IndexChoice, Page, Scan},
    session::{Id, Revision, Session, TenantId},
};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{connections::Connections, error, row_security::Rows};

/// Whether a session meets the conditions that are given.
macro_rules! conditions {
    () => {
        "($3::text IS NULL OR conversation_id = $3) AND ($4::text IS NULL OR customer_id = $4)
         AND ($5::text IS NULL OR channel_type = $5) AND ($6::boolean IS NULL OR active = $6)"
    };
}

/// A statement that scans along the index that was chosen, with documents or without.
macro_rules! statement {
    ($condition:literal) => {
        concat!(
            "SELECT id, revision, (",
            conditions!(),
            ") IS TRUE AS is_wanted, CASE WHEN $8 THEN document::text END AS document
             FROM channel_session
             WHERE tenant_id = $1 AND id > $2",
            $condition,
            " ORDER BY id LIMIT $7"
        )
    };
}

fn statement(choice: IndexChoice) -> &'static str {
    match choice {
        IndexChoice::Conversation => statement!(" AND conversation_id = $3"),
        IndexChoice::Customer => statement!(" AND customer_id = $4"),
        IndexChoice::ChannelType => statement!(" AND channel_type = $5"),
        IndexChoice::Active => statement!(" AND active = $6"),
        IndexChoice::None => statement!(" AND active IS NOT NULL"),
    }
}

/// The sessions of a page whose ids were found. One that has changed since then has to meet the conditions still.
const PAGE: &str = concat!(
    "SELECT id, revision, document::text AS document FROM channel_session
     WHERE tenant_id = $1 AND id = ANY($2::text[]) AND ",
    conditions!(),
    " ORDER BY id"
);

pub(crate) async fn run(
    connections: &Connections,
    tenant: &TenantId,
    filter: &Filter,
    after: Option<&Id>,
    limit: usize,
) -> Result<Page, Error> {
    let texts = [&filter.conversation_id, &filter.customer_id, &filter.channel_type];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        // No text in the database has U+0000, and it takes none that has.
        return Ok(Page::default());
    }
    let scan_limit = filter.scan_limit(limit);
    let mut connection = connections.get().await?;
    // No id is empty, so all of them come behind that.
    let along_index = sqlx::query(statement(filter.index_choice()))
        .bind(tenant.as_str())
        .bind(after.map_or("", Id::as_str));
    let along_index = bind_conditions(along_index, filter)
        .bind(i64::try_from(scan_limit.unwrap_or(limit)).unwrap_or(i64::MAX))
        .bind(scan_limit.is_none());
    let rows = connection.fetch_all(Rows::Of(tenant), along_index).await.map_err(error::of_read)?;
    let Some(scan_limit) = scan_limit else {
        return Ok(Page::of_first(rows.iter().map(session).collect::<Result<_, _>>()?, limit));
    };
    let is_last = rows.len() < scan_limit;
    let Scan { ids, next } = Scan::of(rows.iter().map(scanned).collect::<Result<_, _>>()?, limit, is_last);
    if ids.is_empty() {
        return Ok(Page { sessions: Vec::new(), next });
    }
    let ids: Vec<_> = ids.iter().map(Id::as_str).collect();
    let of_page = bind_conditions(sqlx::query(PAGE).bind(tenant.as_str()).bind(ids), filter);
    let rows = connection.fetch_all(Rows::Of(tenant), of_page).await.map_err(error::of_read)?;
    Ok(Page { sessions: rows.iter().map(session).collect::<Result<_, _>>()?, next })
}

fn bind_conditions<'q>(
    query: Query<'q, Postgres, PgArguments>,
    filter: &'q Filter,
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(&filter.conversation_id)
        .bind(&filter.customer_id)
        .bind(&filter.channel_type)
        .bind(filter.active)
}

/// A session's id, and whether it meets the conditions.
fn scanned(row: &PgRow) -> Result<(Id, bool), Error> {
    Ok((id(row)?, row.try_get("is_wanted").map_err(error::of_read)?))
}

fn session(row: &PgRow) -> Result<Session, Error> {
    Ok(Session {
        id: id(row)?,
        revision: Revision::new(row.try_get("revision").map_err(error::of_read)?),
        document: json::compact(row.try_get("document").map_err(error::of_read)?),
    })
}

fn id(row: &PgRow) -> Result<Id, Error> {
    Ok(Id::parse(row.try_get("id").map_err(error::of_read)?)?)
}

#[cfg(test)]
mod tests;

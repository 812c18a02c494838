//! Returning sessions page by page along the index that finds the fewest.

use domain::{
    Error,
    list::{Filter, IndexChoice, Page, Scanned},
    session::{Id, Revision, TenantId},
};
use sqlx::{Row, postgres::PgRow};

use crate::{connections::Connections, error, row_security::Rows};

/// A statement that scans along the index that was chosen. What is scanned and not wanted comes without a document.
macro_rules! statement {
    ($condition:literal) => {
        concat!(
            "SELECT id, revision,
                    CASE WHEN ($3::text IS NULL OR conversation_id = $3) AND ($4::text IS NULL OR customer_id = $4)
                          AND ($5::text IS NULL OR channel_type = $5) AND ($6::boolean IS NULL OR active = $6)
                         THEN document::text END AS document
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
    let scanned = filter.scanned(limit);
    let mut connection = connections.get().await?;
    let query = sqlx::query(statement(filter.index_choice()))
        .bind(tenant.as_str())
        // No id is empty, so all of them come behind that.
        .bind(after.map_or("", Id::as_str))
        .bind(&filter.conversation_id)
        .bind(&filter.customer_id)
        .bind(&filter.channel_type)
        .bind(filter.active)
        .bind(i64::try_from(scanned).unwrap_or(i64::MAX));
    let rows = connection.fetch_all(Rows::Of(tenant), query).await.map_err(error::of_read)?;
    let is_last = rows.len() < scanned;
    let scanned = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::of(scanned, limit, is_last))
}

fn read(row: &PgRow) -> Result<Scanned, Error> {
    Ok(Scanned {
        id: Id::parse(row.try_get("id").map_err(error::of_read)?)?,
        revision: Revision::new(row.try_get("revision").map_err(error::of_read)?),
        document: row.try_get::<Option<&str>, _>("document").map_err(error::of_read)?.map(json::compact),
    })
}

#[cfg(test)]
mod tests;

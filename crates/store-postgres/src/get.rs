//! Returning sessions by id.

use domain::{
    Error, json,
    session::{Id, Revision, Session, TenantId},
};
use sqlx::{PgPool, Row};

use crate::{connection, error, load::place};

const STATEMENT: &str = "
    SELECT item.place, session.revision, session.document::text
    FROM unnest($2::text[]) WITH ORDINALITY AS item(id, place)
    JOIN channel_session AS session ON session.tenant_id = $1 AND session.id = item.id
    WHERE session.document IS NOT NULL";

pub(crate) async fn run(pool: &PgPool, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
    let mut results: Vec<_> = ids.iter().map(|id| Err(Error::NotFound(id.clone()))).collect();
    if let Err(error) = fetch(pool, tenant, &ids, &mut results).await {
        results.fill(Err(error));
    }
    results
}

async fn fetch(
    pool: &PgPool,
    tenant: &TenantId,
    ids: &[Id],
    results: &mut [Result<Session, Error>],
) -> Result<(), Error> {
    let mut connection = connection(pool).await?;
    let rows = sqlx::query(STATEMENT)
        .bind(tenant.as_str())
        .bind(ids.iter().map(Id::as_str).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await
        .map_err(error::of_read)?;
    for row in &rows {
        let at = place(row).map_err(error::of_read)?;
        results[at] = Ok(Session {
            id: ids[at].clone(),
            revision: Revision::new(row.try_get(1).map_err(error::of_read)?),
            document: json::compact(row.try_get(2).map_err(error::of_read)?),
        });
    }
    Ok(())
}

//! Returning sessions by id.

use domain::{
    Error,
    session::{Id, Revision, Session, TenantId},
};
use sqlx::{Row, SqlitePool};

use crate::error;

const STATEMENT: &str =
    "SELECT revision, document FROM channel_session WHERE tenant_id = ? AND id = ? AND document IS NOT NULL";

pub(crate) async fn run(
    readers: &SqlitePool,
    tenant: &TenantId,
    ids: Vec<Id>,
) -> Vec<Result<Session, Error>> {
    let mut results = Vec::with_capacity(ids.len());
    for id in ids {
        results.push(get(readers, tenant, id).await);
    }
    results
}

async fn get(readers: &SqlitePool, tenant: &TenantId, id: Id) -> Result<Session, Error> {
    let row = sqlx::query(STATEMENT)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(readers)
        .await
        .map_err(error::of_read)?;
    let Some(row) = row else { return Err(Error::NotFound(id)) };
    Ok(Session {
        id,
        revision: Revision::new(row.try_get("revision").map_err(error::of_read)?),
        document: row.try_get("document").map_err(error::of_read)?,
    })
}

//! Returning all of a tenant's sessions, page by page along the primary key.

use domain::{
    Error,
    session::{Id, Revision, Session, TenantId},
};
use sqlx::Row;

use crate::{Store, error};

const STATEMENT: &str = "
    SELECT id, revision, document
    FROM channel_session
    WHERE tenant_id = ? AND id > ?
    ORDER BY tenant_id, id
    LIMIT ?";

pub(crate) async fn run(
    store: &Store,
    tenant: &TenantId,
    after: Option<&Id>,
    limit: usize,
) -> Result<Vec<Session>, Error> {
    let rows = sqlx::query(STATEMENT)
        .bind(tenant.as_str())
        // No id is empty, so all of them come behind that.
        .bind(after.map_or("", Id::as_str))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&store.readers)
        .await
        .map_err(error::of_read)?;
    rows.iter()
        .map(|row| {
            Ok(Session {
                id: Id::parse(row.try_get(0).map_err(error::of_read)?)?,
                revision: Revision::new(row.try_get(1).map_err(error::of_read)?),
                document: row.try_get(2).map_err(error::of_read)?,
            })
        })
        .collect()
}

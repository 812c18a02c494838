//! Returning sessions by id.

use domain::{
    Error,
    session::{Id, Revision, Session, TenantId},
};
use sqlx::Row;

use crate::{Store, batch, error};

const STATEMENT: &str = "
    SELECT items.place, session.revision, session.document::text
    FROM unnest($2::text[]) WITH ORDINALITY AS items(id, place)
    JOIN channel_session AS session ON session.tenant_id = $1 AND session.id = items.id";

pub(crate) async fn run(store: &Store, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
    let mut results: Vec<_> = ids.iter().map(|id| Some(Err(Error::NotFound(id.clone())))).collect();
    if let Err(error) = fetch(store, tenant, &ids, &mut results).await {
        let all: Vec<usize> = (0..ids.len()).collect();
        error::for_each(&all, &mut results, &error);
    }
    results.into_iter().flatten().collect()
}

async fn fetch(
    store: &Store,
    tenant: &TenantId,
    ids: &[Id],
    results: &mut batch::Results<Session>,
) -> Result<(), Error> {
    let mut connection = store.connection().await?;
    let rows = sqlx::query(STATEMENT)
        .bind(tenant.as_str())
        .bind(ids.iter().map(Id::as_str).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await
        .map_err(error::of_read)?;
    for row in rows {
        let place =
            usize::try_from(row.try_get::<i64, _>(0).map_err(error::of_read)? - 1).unwrap_or(usize::MAX);
        if let (Some(id), Some(result)) = (ids.get(place), results.get_mut(place)) {
            *result = Some(Ok(Session {
                id: id.clone(),
                revision: Revision::new(row.try_get(1).map_err(error::of_read)?),
                document: row.try_get(2).map_err(error::of_read)?,
            }));
        }
    }
    Ok(())
}

//! Returning sessions by id.

use batcher::{Item, Verdict};
use domain::{
    Error,
    session::{Id, Session, TenantId},
};
use telemetry::{Statement, statement};

use crate::{
    connections::Connections,
    error, load,
    row_security::{Rows, batches::by_owner},
};

/// A session that is asked for.
pub(crate) struct Read {
    pub(crate) tenant: TenantId,
    pub(crate) id: Id,
}

impl Item for Read {
    type Answer = Session;

    const NAME: &'static str = "reads";

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn session(&self) -> Option<(&TenantId, &Id)> {
        None
    }
}

pub(crate) async fn run(connections: &Connections, reads: Vec<Read>) -> Vec<Verdict<Read>> {
    by_owner(connections.is_guarded(), reads, |owner, reads| async move {
        let mut results: Vec<_> = reads.iter().map(|read| Err(Error::NotFound(read.id.clone()))).collect();
        let fetched = statement(Statement::Get, fetch(connections, owner.rows(), &reads, &mut results)).await;
        if let Err(error) = fetched {
            results.fill(Err(error));
        }
        results.into_iter().map(Verdict::Answered).collect()
    })
    .await
}

async fn fetch(
    connections: &Connections,
    whose: Rows<'_>,
    reads: &[Read],
    results: &mut [Result<Session, Error>],
) -> Result<(), Error> {
    let mut connection = connections.get().await?;
    let keys: Vec<_> = reads.iter().map(|read| (&read.tenant, &read.id)).collect();
    let rows = connection.fetch_all(whose, load::sessions(&keys)).await.map_err(error::of_read)?;
    drop(connection);
    for row in &rows {
        let index = load::index(row).map_err(error::of_read)?;
        let (revision, document) = load::session(row).map_err(error::of_read)?;
        if let Some(document) = document {
            results[index] = Ok(Session { id: reads[index].id.clone(), revision, document });
        }
    }
    Ok(())
}

//! Making changes: read what they are about, have the domain decide, write what comes of it, and begin again with those
//! whose sessions somebody else has changed in between.

use domain::{
    Error,
    change::{Change, Changed},
    working::{Batch, Key, Part},
};
use sqlx::PgConnection;

use crate::{connections::Connections, error, load, write};

/// Makes a batch of changes, and gives a result for each, in order.
pub(crate) async fn run(connections: &Connections, changes: &[Change]) -> Vec<Result<Changed, Error>> {
    let mut batch = Batch::new(changes);
    while let Some(sessions) = batch.open() {
        if let Err(error) = round(connections, &mut batch, &sessions).await {
            batch.failed(&error);
        }
    }
    batch.into_results()
}

/// Does once all that is open. An error is about the whole round, of which then nothing was written.
async fn round(connections: &Connections, batch: &mut Batch<'_>, sessions: &[Key<'_>]) -> Result<(), Error> {
    let mut connection = connections.get().await?;
    let states = load::run(&mut connection, sessions, batch.open_changes()).await?;
    let parts = batch.decide(states);
    if write_all(&mut connection, batch, parts).await {
        connection.keep();
    }
    Ok(())
}

/// Writes parts. Says whether all of it went well.
async fn write_all(connection: &mut PgConnection, batch: &mut Batch<'_>, parts: Vec<Part>) -> bool {
    let mut is_well = true;
    // Together they would all take the statement that takes longer.
    let (updates, others) = parts.into_iter().partition(|part| part.write.is_update());
    let mut todo: Vec<Vec<Part>> = vec![others, updates];
    while let Some(parts) = todo.pop() {
        if parts.is_empty() {
            continue;
        }
        match write::run(connection, &parts).await {
            Ok(written) => batch.written(parts, &written),
            Err(error) => {
                is_well = false;
                todo.extend(batch.refused(parts, &error::refusal(error)));
            }
        }
    }
    is_well
}

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

/// Writes parts. What the database refuses is cut in halves until what it refuses is alone: no session's write fails for
/// another's. Says whether all of it went well.
async fn write_all(connection: &mut PgConnection, batch: &mut Batch<'_>, parts: Vec<Part>) -> bool {
    let mut is_well = true;
    // Together they would all take the statement that takes longer.
    let (updates, others) = parts.into_iter().partition(|part| part.write.is_update());
    let mut todo: Vec<Vec<Part>> = vec![others, updates];
    while let Some(mut parts) = todo.pop() {
        if parts.is_empty() {
            continue;
        }
        match write::run(connection, &parts).await {
            Ok(written) => {
                // Somebody else's change came first where it is not: that stays open.
                let parts = parts.into_iter().zip(written).filter(|(_, written)| *written);
                parts.for_each(|(part, _)| batch.written(part));
            }
            // Nothing of the statement was done. Read again, what was in its way is found.
            Err(error) if error::is_conflict(&error) => is_well = false,
            Err(error) => {
                is_well = false;
                let error = error::of_write(error);
                if parts.len() > 1 && matches!(error, Error::Internal(_)) {
                    let rest = parts.split_off(parts.len() / 2);
                    todo.extend([rest, parts]);
                    continue;
                }
                parts.into_iter().for_each(|part| batch.refused(part, &error));
            }
        }
    }
    is_well
}

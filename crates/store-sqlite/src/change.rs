//! Making changes: read what they are about, have the domain decide, write what comes of it, and begin again with those
//! whose sessions another process has changed in between.
//!
//! Reading and deciding take no lock: while one batch is written, the next one is read and decided.

use batcher::Verdict;
use domain::{
    Error,
    change::Change,
    working::{Batch, Key, Part},
};

use sqlx::SqliteConnection;

use crate::{
    connections::{Connections, Lease},
    error, load, update, write,
};

/// Makes a batch of changes, and gives a verdict on each, in order, once all of them are durable.
pub(crate) async fn run(
    readers: &Connections,
    writer: &Connections,
    changes: Vec<Change>,
) -> Vec<Verdict<Change>> {
    let mut batch = Batch::new(&changes);
    while let Some(sessions) = batch.open() {
        if let Err(error) = round(readers, writer, &mut batch, &sessions).await {
            batch.failed(&error);
        }
    }
    let results = batch.into_results();
    batcher::verdicts(changes, results)
}

/// Does once all that is open. An error is about all that is open still, of which then nothing was written.
async fn round(
    readers: &Connections,
    writer: &Connections,
    batch: &mut Batch<'_>,
    sessions: &[Key<'_>],
) -> Result<(), Error> {
    let mut reader = readers.get().await?;
    let states = load::run(&mut reader, sessions, batch.open_changes()).await.map_err(error::of_read)?;
    reader.keep();
    // Before anything is decided: as long as it is waited for, a change can be called off.
    let mut connection = Some(writer.get().await?);
    let parts = batch.decide(states);
    // What nearly all writes are takes the least time by itself.
    let (updates, others) = parts.into_iter().partition(|part| part.write.is_update());
    let mut todo: Vec<Vec<Part>> = vec![others, updates];
    while let Some(parts) = todo.pop() {
        if parts.is_empty() {
            continue;
        }
        let mut lease = match connection.take() {
            Some(lease) => lease,
            None => writer.get().await?,
        };
        match write(&mut lease, &parts).await {
            Ok(written) => {
                batch.written(parts, &written);
                connection = Some(lease);
            }
            Err(error) => {
                connection = undo(lease).await;
                todo.extend(batch.refused(parts, &error::refusal(error)));
            }
        }
    }
    connection.into_iter().for_each(Lease::keep);
    Ok(())
}

/// Writes parts in one transaction, and says of each whether it was written. Leaves the transaction open where it fails.
async fn write(connection: &mut SqliteConnection, parts: &[Part]) -> Result<Vec<bool>, sqlx::Error> {
    if parts.iter().all(|part| part.write.is_update()) {
        update::run(connection, parts).await.map(|()| vec![true; parts.len()])
    } else {
        write::run(connection, parts).await
    }
}

/// Leaves no transaction open. Where SQLite has undone it by itself, as on a full disk, there is none to undo, and the
/// connection is given up: it costs little to open another one.
async fn undo(mut connection: Lease) -> Option<Lease> {
    sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.ok().map(|_| connection)
}

#[cfg(test)]
mod tests;

//! Making changes: read what they are about, have the domain decide, write what comes of it, and begin again with those
//! whose sessions somebody else has changed in between.

use batcher::{LockWait, Verdict};
use domain::{
    Error,
    change::Change,
    working::{Batch, Key, Part, Refusal},
};

use crate::{
    connections::{Connections, Lease},
    error, load, locked, write,
};

/// Makes a batch of changes, and gives a verdict on each, in order.
pub(crate) async fn run(
    connections: &Connections,
    changes: Vec<Change>,
    wait: LockWait,
) -> Vec<Verdict<Change>> {
    let mut batch = Batch::new(&changes);
    while let Some(sessions) = batch.open() {
        if let Err(error) = round(connections, &mut batch, &sessions, wait).await {
            batch.failed(&error);
        }
    }
    let results = batch.into_results();
    batcher::verdicts(changes, results)
}

/// Does once all that is open. An error is about the whole round, of which then nothing was written.
async fn round(
    connections: &Connections,
    batch: &mut Batch<'_>,
    sessions: &[Key<'_>],
    wait: LockWait,
) -> Result<(), Error> {
    let mut connection = connections.get().await?;
    connection.wait_for_locks(wait).await.map_err(error::of_read)?;
    let states = load::run(&mut connection, sessions, batch.open_changes()).await?;
    let parts = batch.decide(states);
    write_all(&mut connection, batch, parts).await;
    Ok(())
}

async fn write_all(connection: &mut Lease, batch: &mut Batch<'_>, parts: Vec<Part>) {
    // Together they would all take the statement that takes longer.
    let (updates, others) = parts.into_iter().partition(|part| part.write.is_update());
    let mut todo: Vec<Vec<Part>> = vec![others, updates];
    while let Some(parts) = todo.pop() {
        if parts.is_empty() {
            continue;
        }
        if !connection.is_sound() {
            // Nothing of these has been sent.
            todo.extend(batch.refused(parts, &Refusal::Error(error::connection_lost())));
            continue;
        }
        match write::run(connection, &parts).await {
            Ok(written) => batch.written(parts, &written),
            Err(error) if error::is_locked(&error) => {
                let (free, locked) = locked::apart(connection, parts).await;
                batch.blocked(&locked);
                todo.extend(free);
            }
            Err(error) => todo.extend(batch.refused(parts, &error::refusal(error))),
        }
    }
}

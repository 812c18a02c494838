//! Making changes: read what they are about, have the domain decide, write what comes of it, and begin again with those
//! whose sessions somebody else has changed in between.

use batcher::{LockWait, Verdict};
use domain::{
    Error,
    batch::{Batch, Key, Refusal, SessionWrite},
    command::Command,
};

use crate::{
    connections::{Connections, Lease},
    error, load, locked, write,
};

/// Makes a batch of commands, and gives a verdict on each, in order.
pub(crate) async fn run(
    connections: &Connections,
    commands: Vec<Command>,
    wait: LockWait,
) -> Vec<Verdict<Command>> {
    let mut batch = Batch::new(&commands);
    while let Some(sessions) = batch.next_round() {
        if let Err(error) = round(connections, &mut batch, &sessions, wait).await {
            batch.fail(&error);
        }
    }
    let results = batch.into_results();
    batcher::verdicts(commands, results)
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
    let states = load::run(&mut connection, sessions, batch.open_commands()).await?;
    let writes = batch.decide(states);
    write_all(&mut connection, batch, writes).await;
    Ok(())
}

async fn write_all(connection: &mut Lease, batch: &mut Batch<'_>, writes: Vec<SessionWrite>) {
    // Together they would all take the statement that takes longer.
    let (updates, others) = writes.into_iter().partition(|write| write.is_update());
    let mut todo: Vec<Vec<SessionWrite>> = vec![others, updates];
    while let Some(writes) = todo.pop() {
        if writes.is_empty() {
            continue;
        }
        if !connection.is_sound() {
            // Nothing of these has been sent.
            todo.extend(batch.split_or_fail(writes, &Refusal::Error(error::connection_lost())));
            continue;
        }
        match write::run(connection, &writes).await {
            Ok(written) => batch.commit(writes, &written),
            Err(error) if error::is_locked(&error) => {
                let (free, locked) = locked::apart(connection, writes).await;
                batch.block(&locked);
                todo.extend(free);
            }
            Err(error) => todo.extend(batch.split_or_fail(writes, &error::refusal(error))),
        }
    }
}

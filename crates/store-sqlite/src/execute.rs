//! Making changes: read what they are about, have the domain decide, write what comes of it, and begin again with those
//! whose sessions another process has changed in between.
//!
//! Reading and deciding take no lock: while one batch is written, the next one is read and decided.

use batcher::Verdict;
use domain::{
    Error, Outcome,
    batch::{Batch, Key, Refusal, SessionWrite},
    command::Command,
};

use sqlx::SqliteConnection;

use crate::{
    connections::{Connections, Lease},
    error,
    file::File,
    health::Writes,
    load,
    reserve::Reserve,
    update, write,
};

/// Makes a batch of commands, and gives a verdict on each, in order, once all of them are durable.
pub(crate) async fn run(to: &Target, commands: Vec<Command>) -> Vec<Verdict<Command>> {
    let mut batch = Batch::new(&commands);
    while let Some(sessions) = batch.next_round() {
        if let Err(error) = round(to, &mut batch, &sessions).await {
            batch.fail(&error);
        }
    }
    let mut results = batch.into_results();
    // What was written to a file that nobody will find again is not acknowledged.
    if let Err(error) = to.file.check_for_changes(Outcome::Unknown) {
        for result in results.iter_mut().flatten().filter(|result| result.is_ok()) {
            *result = Err(error.clone());
        }
    }
    batcher::verdicts(commands, results)
}

/// What commands are made with.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) readers: Connections,
    pub(crate) writer: Connections,
    pub(crate) file: File,
    pub(crate) reserve: Reserve,
    pub(crate) writes: Writes,
}

/// Does once all that is open. An error is about all that is open still, of which then nothing was written.
async fn round(to: &Target, batch: &mut Batch<'_>, sessions: &[Key<'_>]) -> Result<(), Error> {
    let Target { readers, writer, reserve, .. } = to;
    to.file.check_for_changes(Outcome::NotApplied)?;
    let mut reader = readers.get().await?;
    let states = load::run(&mut reader, sessions, batch.open_commands()).await.map_err(error::of_read)?;
    reader.keep();
    // Before anything is decided: as long as it is waited for, a command can be called off.
    let mut connection = Some(writer.get().await?);
    let writes = batch.decide(states);
    // What nearly all writes are takes the least time by itself.
    let (updates, others): (Vec<_>, Vec<_>) = writes.into_iter().partition(|write| write.is_update());
    let mut todo = vec![others, updates];
    let mut was_full = false;
    while let Some(writes) = todo.pop() {
        if writes.is_empty() {
            continue;
        }
        let mut lease = match connection.take() {
            Some(lease) => lease,
            None => writer.get().await?,
        };
        // While the disk is full, what is left of it is for what erases.
        if !writes.iter().all(|write| write.erase)
            && let Err(error) = reserve.check(&mut lease).await
        {
            connection = Some(lease);
            let (erasing, others) = writes.into_iter().partition(|write| write.erase);
            batch.split_or_fail(others, &Refusal::Error(error));
            todo.push(erasing);
            continue;
        }
        match write(&mut lease, &writes).await {
            Ok(written) => {
                to.writes.note(true);
                batch.commit(writes, &written);
                connection = Some(lease);
            }
            Err(error) => {
                connection = undo(lease).await;
                let erases = writes.iter().any(|write| write.erase);
                if error::is_full(&error) && (reserve.spend() || (erases && !was_full)) {
                    was_full = true;
                    drop(connection.take());
                    reserve.make_room(writer).await?;
                    todo.push(writes);
                    continue;
                }
                let refusal = error::refusal(error);
                to.writes.note(matches!(refusal, Refusal::Conflict));
                todo.extend(batch.split_or_fail(writes, &refusal));
            }
        }
    }
    connection.into_iter().for_each(Lease::keep);
    Ok(())
}

/// Writes parts in one transaction, and says of each whether it was written. Leaves the transaction open where it fails.
async fn write(connection: &mut SqliteConnection, writes: &[SessionWrite]) -> Result<Vec<bool>, sqlx::Error> {
    if writes.iter().all(|write| write.is_update()) {
        update::run(connection, writes).await.map(|()| vec![true; writes.len()])
    } else {
        write::run(connection, writes).await
    }
}

/// Leaves no transaction open. Where SQLite has undone it by itself, as on a full disk, there is none to undo, and the
/// connection is given up: it costs little to open another one.
async fn undo(mut connection: Lease) -> Option<Lease> {
    sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.ok().map(|_| connection)
}

#[cfg(test)]
mod tests;

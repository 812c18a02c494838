//! Making changes: read what they are about, have the domain decide, write what comes of it, and begin again with those
//! whose sessions another process has changed in between.
//!
//! Reading and deciding take no lock: while one batch is written, the next one is read and decided.

use domain::{
    Error,
    change::{Change, Changed},
    working::{Batch, Key, Part},
};

use crate::{
    connections::{Connections, Lease},
    error, load, update, write,
};

/// Makes a batch of changes, and gives a result for each, in order, once all of them are durable.
pub(crate) async fn run(
    readers: &Connections,
    writer: &Connections,
    changes: &[Change],
) -> Vec<Result<Changed, Error>> {
    let mut batch = Batch::new(changes);
    while let Some(sessions) = batch.open() {
        if let Err(error) = round(readers, writer, &mut batch, &sessions).await {
            batch.failed(&error);
        }
    }
    batch.into_results()
}

/// Does once all that is open. An error is about everything that is open still: nothing of it was written, unless the error
/// says that this is not known.
async fn round(
    readers: &Connections,
    writer: &Connections,
    batch: &mut Batch<'_>,
    sessions: &[Key<'_>],
) -> Result<(), Error> {
    let mut reader = readers.get().await?;
    let states = load::run(&mut reader, sessions, batch.open_changes()).await.map_err(error::of_read)?;
    reader.keep();
    let parts = batch.decide(states);
    let (updates, mut others): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.write.is_update());
    if !updates.is_empty() {
        let mut connection = writer.get().await?;
        match update::run(&mut connection, &updates).await {
            Ok(()) => {
                connection.keep();
                updates.into_iter().for_each(|part| batch.written(part));
            }
            Err(error) if error::is_conflict(&error) => {
                undo(connection).await;
                others.extend(updates);
            }
            Err(error) => {
                undo(connection).await;
                let error = error::of_write(error);
                updates.into_iter().for_each(|part| batch.refused(part, &error));
            }
        }
    }
    write_others(writer, batch, others).await
}

/// Writes parts of any kind, each only where its session's revision is still the one that was read.
async fn write_others(writer: &Connections, batch: &mut Batch<'_>, parts: Vec<Part>) -> Result<(), Error> {
    if parts.is_empty() {
        return Ok(());
    }
    let mut connection = writer.get().await?;
    match write::run(&mut connection, &parts).await {
        Ok(written) => {
            connection.keep();
            // Somebody else's change came first where it is not: that stays open.
            let parts = parts.into_iter().zip(written).filter(|(_, written)| *written);
            parts.for_each(|(part, _)| batch.written(part));
            Ok(())
        }
        Err(error) => {
            undo(connection).await;
            // Read again, what was in the way is found.
            if error::is_conflict(&error) { Ok(()) } else { Err(error::of_write(error)) }
        }
    }
}

/// Leaves no transaction open. Where SQLite has undone it by itself, as on a full disk, there is none, and the connection is
/// closed: it costs little to open another one.
async fn undo(mut connection: Lease) {
    if sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.is_ok() {
        connection.keep();
    }
}

#[cfg(test)]
mod tests;

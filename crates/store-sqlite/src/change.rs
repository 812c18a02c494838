//! Making changes: one transaction for a batch, in which sessions are read, the domain decides, and what comes of it is
//! written.

use domain::{
    Error,
    change::{Change, Changed},
};
use sqlx::{Connection, SqliteConnection, SqlitePool};

use crate::{
    error, load,
    write::{self, Part},
};

/// Makes a batch of changes, and gives a result for each, in order, once all of them are durable.
pub(crate) async fn run(writer: &SqlitePool, changes: &[Change]) -> Vec<Result<Changed, Error>> {
    let mut connection = match writer.acquire().await {
        Ok(connection) => connection,
        Err(error) => return all(changes, &error::of_acquire(error)),
    };
    match transact(&mut connection, changes).await {
        Ok(results) => results,
        Err(error) => {
            // Where SQLite has undone the transaction itself, as on a full disk, the driver still counts it as open and
            // would begin no other on this connection.
            let _ = connection.close().await;
            all(changes, &error)
        }
    }
}

async fn transact(
    connection: &mut SqliteConnection,
    changes: &[Change],
) -> Result<Vec<Result<Changed, Error>>, Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(error::of_write)?;
    let mut sessions = load::sessions(&mut transaction, changes).await.map_err(error::of_write)?;
    let mut results = Vec::with_capacity(changes.len());
    for change in changes {
        let request = load::recorded(&mut transaction, change).await.map_err(error::of_write)?;
        let answer = match sessions.get_mut(&(&change.tenant, &change.id)) {
            Some(Ok(session)) => {
                if let Some(request) = request {
                    session.recall(request);
                }
                // Everything that could still be called off has been waited for.
                let sent = if change.validate_only { Ok(()) } else { change.attempt.send() };
                sent.and_then(|()| session.apply(change))
            }
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::Internal("a session of the batch was not looked for".into())),
        };
        results.push(answer);
    }
    let written = sessions
        .into_iter()
        .filter_map(|((tenant, id), session)| Some(Part { tenant, id, write: session.ok()?.into_write()? }));
    write::run(&mut transaction, written.collect()).await.map_err(error::of_write)?;
    transaction.commit().await.map_err(error::of_write)?;
    Ok(results)
}

fn all(changes: &[Change], error: &Error) -> Vec<Result<Changed, Error>> {
    changes.iter().map(|_| Err(error.clone())).collect()
}

#[cfg(test)]
mod tests;

//! A batch of writes as one transaction.

use std::pin::Pin;

use domain::{Error, attempt::Attempt};
use sqlx::{Connection, SqliteConnection};

use crate::{Store, error};

/// What one item does inside the transaction: the outer error is the database's and undoes the batch, the inner one
/// is the item's own.
pub(crate) type Step<'a, R> =
    Pin<Box<dyn Future<Output = Result<Result<R, Error>, sqlx::Error>> + Send + 'a>>;

/// Does items in order, in one transaction, and returns their results once it is durable.
pub(crate) async fn batch<T: Send + Sync, R: Send>(
    store: &Store,
    items: Vec<T>,
    attempt: impl Fn(&T) -> &Attempt + Send + Sync,
    step: impl for<'a> Fn(&'a mut SqliteConnection, &'a T) -> Step<'a, R> + Send + Sync,
) -> Vec<Result<R, Error>> {
    let mut connection = match store.writer.acquire().await {
        Ok(connection) => connection,
        Err(error) => return error::for_each(items.len(), error::of_acquire(error)),
    };
    // Everything that could still be called off has been waited for; what is left is the write itself.
    let sent: Vec<Result<(), Error>> = items.iter().map(|item| attempt(item).send()).collect();
    let written = async {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(error::of_write)?;
        let mut results = Vec::with_capacity(items.len());
        for (item, sent) in items.iter().zip(sent) {
            results.push(match sent {
                Ok(()) => step(&mut transaction, item).await.map_err(error::of_write)?,
                Err(given_up) => Err(given_up),
            });
        }
        transaction.commit().await.map_err(error::of_write)?;
        Ok(results)
    };
    match written.await {
        Ok(results) => results,
        Err(error) => {
            // Where SQLite has undone the transaction itself, as on a full disk, the driver still counts it as open and
            // would begin no other on this connection.
            let _ = connection.close().await;
            error::for_each(items.len(), error)
        }
    }
}

#[cfg(test)]
mod tests;

//! The port to the store on SQLite: one file on one machine, the default.
//!
//! There is one connection that writes, and each batch is one transaction on it: the update rule reads the document
//! and writes it back with nobody in between, in this process or in another one on the same file. Other connections
//! read, and see what the last commit left.

mod create;
mod error;
mod get;
mod open;
mod page;
mod update_data;
mod write;

use async_trait::async_trait;
use domain::{
    Error, Outcome,
    session::{Id, Session, TenantId},
    store::{self, Create, UpdateData, Updated},
};
use sqlx::SqlitePool;

pub use open::migrate;

/// Sessions in an SQLite file.
#[derive(Debug, Clone)]
pub struct Store {
    /// Holds one connection.
    writer: SqlitePool,
    readers: SqlitePool,
}

#[async_trait]
impl store::Store for Store {
    async fn update_data(&self, updates: Vec<UpdateData>) -> Vec<Result<Updated, Error>> {
        update_data::run(self, updates).await
    }

    async fn create(&self, sessions: Vec<Create>) -> Vec<Result<Session, Error>> {
        create::run(self, sessions).await
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        get::run(self, tenant, ids).await
    }

    async fn page(&self, tenant: &TenantId, after: Option<&Id>, limit: usize) -> Result<Vec<Session>, Error> {
        page::run(self, tenant, after, limit).await
    }

    async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT revision, document FROM channel_session LIMIT 0")
            .execute(&self.readers)
            .await
            .map(drop)
            .map_err(|error| error::unavailable(error, Outcome::NotApplied))
    }

    async fn close(&self) {
        self.readers.close().await;
        // Last, so that it can fold the log of writes into the file.
        self.writer.close().await;
    }
}

//! The port to the store on PostgreSQL 14 and later: documents in JSONB, one statement per write.
//!
//! A write is one statement and never a transaction that is opened and closed from here: there is no moment at which
//! a lost caller could leave a connection inside one. The update rule runs in the database, so that no document is
//! ever written back from a copy.

mod batch;
mod create;
mod error;
mod get;
mod open;
mod page;
mod update_data;

use async_trait::async_trait;
use domain::{
    Error, Outcome,
    session::{Id, Session, TenantId},
    store::{self, Create, UpdateData, Updated},
};
use sqlx::{PgPool, Postgres, pool::PoolConnection};

pub use open::{Options, migrate};

/// Sessions in a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

#[async_trait]
impl store::Store for Store {
    async fn update_data(&self, updates: Vec<UpdateData>) -> Vec<Result<Updated, Error>> {
        batch::in_waves(updates, |item| (&item.tenant, &item.id), |wave| update_data::run(self, wave)).await
    }

    async fn create(&self, sessions: Vec<Create>) -> Vec<Result<Session, Error>> {
        batch::in_waves(sessions, |item| (&item.tenant, &item.id), |wave| create::run(self, wave)).await
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        get::run(self, tenant, ids).await
    }

    async fn page(&self, tenant: &TenantId, after: Option<&Id>, limit: usize) -> Result<Vec<Session>, Error> {
        page::run(self, tenant, after, limit).await
    }

    async fn ping(&self) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        // Not `SELECT 1`: without this table the service cannot serve either.
        sqlx::query("SELECT revision, document FROM channel_session LIMIT 0")
            .execute(&mut *connection)
            .await
            .map(drop)
            .map_err(|error| error::unavailable(error, Outcome::NotApplied))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

impl Store {
    async fn connection(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.pool.acquire().await.map_err(|error| error::of_acquire(&self.pool, error))
    }
}

//! Two instances of the service that share nothing but their database.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::{
    Error,
    command::{Command, CommandResult},
    event::{Position, Scope},
    health::Health,
    history,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{Events, Expired, Store},
    time::Timestamp,
};

/// Stores on one database, which take turns: what one of them has in memory may be what the database held before the other
/// one's last write.
pub struct Instances {
    stores: [Box<dyn Store>; 2],
    writes: AtomicUsize,
    reads: AtomicUsize,
}

/// Which of them has its turn to write. One by one at first, so that a case of a few calls meets both; then some in a row, so
/// that neither finds everything changed by the other one and gives up remembering it.
const TURNS: [usize; 10] = [0, 1, 0, 0, 0, 0, 1, 1, 1, 1];

impl Instances {
    /// Takes two stores that are open on the same database.
    pub fn new(first: impl Store, second: impl Store) -> Self {
        let (writes, reads) = Default::default();
        Self { stores: [Box::new(first), Box::new(second)], writes, reads }
    }

    fn next(&self) -> &dyn Store {
        let call = self.reads.fetch_add(1, Ordering::Relaxed);
        &*self.stores[call % self.stores.len()]
    }
}

#[async_trait]
impl Store for Instances {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        let call = self.writes.fetch_add(1, Ordering::Relaxed);
        self.stores[TURNS[call % TURNS.len()]].execute(commands).await
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        self.next().get(tenant, ids).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.next().list(tenant, filter, after, limit).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<history::Page, Error> {
        self.next().history(tenant, id, key, before, limit).await
    }

    async fn position(&self) -> Result<Position, Error> {
        self.next().position().await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        self.next().events(tenant, scope, after, until, limit).await
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        self.next().expire(expired, limit).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        self.next().ended(before, limit).await
    }

    async fn health(&self) -> Health {
        self.next().health().await
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        self.next().now().await
    }

    async fn close(&self) {
        for store in &self.stores {
            store.close().await;
        }
    }
}

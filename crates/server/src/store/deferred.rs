//! A store that may not be open yet: until it is, everything is refused as unavailable, and worth another try.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use domain::{
    Error, Outcome,
    command::{Command, CommandResult},
    event::{Position, Scope},
    health::Health,
    history,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{Events, Expired, Store},
    time::Timestamp,
};

/// A store that is opened while the process serves.
#[derive(Default)]
pub(crate) struct Deferred(OnceLock<Arc<dyn Store>>);

impl Deferred {
    /// From now on, this store answers.
    pub(crate) fn open(&self, store: Arc<dyn Store>) {
        // There is only one, opened once.
        let _ = self.0.set(store);
    }

    /// Whether there is a store.
    pub(crate) fn is_open(&self) -> bool {
        self.0.get().is_some()
    }

    fn store(&self) -> Result<&dyn Store, Error> {
        self.0
            .get()
            .map(|store| &**store)
            .ok_or_else(|| Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: NOT_OPEN.into() })
    }
}

const NOT_OPEN: &str = "the store is not open yet";

#[async_trait]
impl Store for Deferred {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        match self.store() {
            Ok(store) => store.execute(commands).await,
            Err(error) => commands.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        match self.store() {
            Ok(store) => store.get(tenant, ids).await,
            Err(error) => ids.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.store()?.list(tenant, filter, after, limit).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<history::Page, Error> {
        self.store()?.history(tenant, id, key, before, limit).await
    }

    async fn position(&self) -> Result<Position, Error> {
        self.store()?.position().await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        self.store()?.events(tenant, scope, after, until, limit).await
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        self.store()?.expire(expired, limit).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        self.store()?.ended(before, limit).await
    }

    async fn health(&self) -> Health {
        match self.0.get() {
            Some(store) => store.health().await,
            None => Health::all(Err(NOT_OPEN.into())),
        }
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        self.store()?.now().await
    }

    async fn close(&self) {
        if let Some(store) = self.0.get() {
            store.close().await;
        }
    }
}

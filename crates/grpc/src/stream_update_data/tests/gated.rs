//! A store whose changes wait at a gate.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{
    Error,
    cancel_handle::CancelHandle,
    command::{Command, CommandResult},
    event::{Position, Scope},
    health::Health,
    history,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{Events, Expired, Store},
    time::Timestamp,
};
use store_testkit::memory::Memory;
use tokio::sync::{Notify, Semaphore};

pub(super) struct Gated {
    memory: Arc<Memory>,
    gate: Gate,
}

#[derive(Clone)]
pub(super) struct Gate {
    /// Those of the commands that came last.
    cancel_handles: Arc<Mutex<Vec<CancelHandle>>>,
    open: Arc<Semaphore>,
    reached: Arc<Notify>,
    passed: Arc<Semaphore>,
}

impl Gated {
    pub(super) fn new() -> (Self, Gate) {
        let gate = Gate {
            cancel_handles: Arc::default(),
            open: Arc::new(Semaphore::new(0)),
            reached: Arc::default(),
            passed: Arc::new(Semaphore::new(0)),
        };
        (Self { memory: Arc::default(), gate: gate.clone() }, gate)
    }
}

impl Gate {
    /// Lets so many calls pass.
    pub(super) fn open(&self, calls: usize) {
        self.open.add_permits(calls);
    }

    /// Whether the commands that came last are cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel_handles.lock().expect("whole").iter().all(CancelHandle::is_cancelled)
    }

    /// Waits for a call that came to the gate.
    pub(super) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Waits until so many calls have passed and come to their ends, also those that were left.
    pub(super) async fn passed(&self, calls: u32) {
        self.passed.acquire_many(calls).await.expect("the gate stays").forget();
    }
}

#[async_trait]
impl Store for Gated {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        *self.gate.cancel_handles.lock().expect("whole") =
            commands.iter().map(|command| command.cancel_handle.clone()).collect();
        if self.gate.open.available_permits() == 0 {
            self.gate.reached.notify_one();
        }
        let (gate, memory) = (self.gate.clone(), self.memory.clone());
        let work = async move {
            gate.open.acquire().await.expect("the gate stays").forget();
            let results = memory.execute(commands).await;
            gate.passed.add_permits(1);
            results
        };
        tokio::spawn(work).await.expect("memory does not panic")
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        self.memory.get(tenant, ids).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.memory.list(tenant, filter, after, limit).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<history::Page, Error> {
        self.memory.history(tenant, id, key, before, limit).await
    }

    async fn position(&self) -> Result<Position, Error> {
        self.memory.position().await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        self.memory.events(tenant, scope, after, until, limit).await
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        self.memory.expire(expired, limit).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        self.memory.ended(before, limit).await
    }

    async fn health(&self) -> Health {
        self.memory.health().await
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        self.memory.now().await
    }

    async fn close(&self) {
        self.memory.close().await;
    }
}

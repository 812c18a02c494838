//! The reading that all watches share, when something goes wrong with it.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use domain::{
    command::CommandResult,
    health::Health,
    history, list,
    session::{Id, Session},
    store::Events,
};
use tokio::sync::Notify;

use super::*;
use crate::state::{Boundary, State};

#[tokio::test]
async fn a_store_that_panics_once_is_read_on() {
    let panics = Arc::new(AtomicBool::new(false));
    let store: Arc<dyn Store> = Arc::new(Panicking(Memory::default(), panics.clone()));
    let bench = Bench { hub: Hub::new(store.clone(), Options::default()), store };
    bench.create("x", SESSION).await;
    let mut watcher = bench.watch(wanted(Scope::All)).await;
    let first = next(&mut watcher).await.expect("the watch goes on");
    assert!(first.event.is_none());
    let mut position = first.position;
    panics.store(true, Ordering::Relaxed);
    bench.set("x", "k", 1).await;
    // Whichever of the two readings met the defect: a watch goes on, or ends and is begun again.
    let mut revisions = Vec::new();
    while revisions.last() != Some(&3) {
        match next(&mut watcher).await {
            Ok(delivered) => {
                position = delivered.position;
                revisions.extend(delivered.event.map(|event| event.revision.get()));
            }
            Err(Error::Internal(_)) => {
                watcher =
                    bench.watch(Subscription { after: Some(position.clone()), ..wanted(Scope::All) }).await;
            }
            Err(error) => panic!("{error:?}"),
        }
        if revisions == [2] {
            assert!(!panics.load(Ordering::Relaxed), "it has panicked");
            bench.set("x", "k", 2).await;
        }
    }
    assert_eq!(revisions, [2, 3]);
}

/// What comes next need not follow upon what was let go of.
#[test]
fn who_has_not_joined_when_all_is_forgotten_reads_by_itself() {
    let mut state = State::default();
    let number = state.register(Scope::All, Vec::new(), Arc::new(Notify::new()));
    let boundary = |state: &State| Boundary { position: Position::new("p"), number: state.events.end() };
    let before = boundary(&state);
    state.forget();
    assert!(!state.join(number, &before));
    let after = boundary(&state);
    assert!(state.join(number, &after));
}

/// A store that panics when it is next asked for events, if the test says so.
struct Panicking(Memory, Arc<AtomicBool>);

#[async_trait]
impl Store for Panicking {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        self.0.execute(commands).await
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        self.0.get(tenant, ids).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &list::Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<list::Page, Error> {
        self.0.list(tenant, filter, after, limit).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<history::Page, Error> {
        self.0.history(tenant, id, key, before, limit).await
    }

    async fn position(&self) -> Result<Position, Error> {
        self.0.position().await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        assert!(!self.1.swap(false, Ordering::Relaxed), "a defect of the store's");
        self.0.events(tenant, scope, after, until, limit).await
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        self.0.expire(expired, limit).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        self.0.ended(before, limit).await
    }

    async fn health(&self) -> Health {
        self.0.health().await
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        self.0.now().await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

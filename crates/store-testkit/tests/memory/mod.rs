//! A store in memory: the port's promises in as few words as possible.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use domain::{
    Error, Outcome,
    json::Value,
    session::{Id, Revision, Session, TenantId},
    store::{Create, Store, UpdateData, Updated},
    update::{self, Change},
};
use store_testkit::parsed;

/// The sessions, or `None` once it is closed.
pub(crate) struct Memory(Mutex<Option<BTreeMap<Id, (Value, Revision)>>>);

impl Default for Memory {
    fn default() -> Self {
        Self(Mutex::new(Some(BTreeMap::new())))
    }
}

type Sessions = BTreeMap<Id, (Value, Revision)>;

impl Memory {
    fn each<I, T>(
        &self,
        items: Vec<I>,
        mut one: impl FnMut(&mut Sessions, I) -> Result<T, Error>,
    ) -> Vec<Result<T, Error>> {
        let mut sessions = self.lock();
        let one = |item| one(sessions.as_mut().ok_or_else(closed)?, item);
        items.into_iter().map(one).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Sessions>> {
        self.0.lock().expect("no test panics while it holds the lock")
    }
}

fn closed() -> Error {
    Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: "closed".into() }
}

fn session(id: &Id, (document, revision): &(Value, Revision)) -> Session {
    Session { id: id.clone(), revision: *revision, document: document.to_text() }
}

#[async_trait]
impl Store for Memory {
    async fn update_data(&self, updates: Vec<UpdateData>) -> Vec<Result<Updated, Error>> {
        self.each(updates, |sessions, item| {
            item.attempt.send()?;
            let stored = sessions.get_mut(&item.id).ok_or_else(|| Error::NotFound(item.id.clone()))?;
            let change = update::apply(&item.id, stored.0.clone(), &item.attributes, item.max_attributes)?;
            let changed = match change {
                Change::Unchanged => false,
                Change::Changed(document) => {
                    *stored = (parsed::value(&document.to_text()), stored.1.next());
                    true
                }
            };
            Ok(Updated { session: session(&item.id, stored), changed })
        })
    }

    async fn create(&self, creations: Vec<Create>) -> Vec<Result<Session, Error>> {
        self.each(creations, |sessions, item| {
            item.attempt.send()?;
            if sessions.contains_key(&item.id) {
                return Err(Error::Exists(item.id));
            }
            let stored = (parsed::value(&item.document.to_text()), Revision::FIRST);
            let reply = session(&item.id, &stored);
            sessions.insert(item.id, stored);
            Ok(reply)
        })
    }

    async fn get(&self, _: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        self.each(ids, |sessions, id| match sessions.get(&id) {
            Some(stored) => Ok(session(&id, stored)),
            None => Err(Error::NotFound(id)),
        })
    }

    async fn page(&self, _: &TenantId, after: Option<&Id>, limit: usize) -> Result<Vec<Session>, Error> {
        let sessions = self.lock();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = sessions.as_ref().ok_or_else(closed)?.range((start, Bound::Unbounded));
        Ok(range.take(limit).map(|(id, stored)| session(id, stored)).collect())
    }

    async fn ping(&self) -> Result<(), Error> {
        self.lock().as_ref().map(drop).ok_or_else(closed)
    }

    async fn close(&self) {
        *self.lock() = None;
    }
}

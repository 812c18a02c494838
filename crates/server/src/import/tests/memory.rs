//! A store in memory that fails when it is told to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use domain::{
    Error, Outcome,
    session::{Id, Revision, Session, TenantId},
    store::{Create, Store, UpdateData, Updated},
};

/// Documents by id. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) sessions: Arc<Mutex<BTreeMap<String, String>>>,
    /// How many sessions it holds before it fails to store more, if it does.
    pub(crate) room: Option<usize>,
    /// Whether it fails to return the sessions behind another one.
    pub(crate) is_lost_behind_the_first_page: bool,
}

impl Memory {
    pub(crate) fn shared(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    pub(crate) fn put(&self, id: &str, document: &str) {
        self.sessions.lock().expect("not poisoned").insert(id.to_owned(), document.to_owned());
    }

    pub(crate) fn get(&self, id: &str) -> Option<String> {
        self.sessions.lock().expect("not poisoned").get(id).cloned()
    }

    pub(crate) fn all(&self) -> BTreeMap<String, String> {
        self.sessions.lock().expect("not poisoned").clone()
    }
}

#[async_trait]
impl Store for Memory {
    async fn create(&self, sessions: Vec<Create>) -> Vec<Result<Session, Error>> {
        let mut stored = self.sessions.lock().expect("not poisoned");
        let create = |Create { id, document, .. }: Create| {
            if stored.contains_key(id.as_str()) {
                return Err(Error::Exists(id));
            }
            if Some(stored.len()) == self.room {
                return Err(Error::StoreUnavailable { outcome: Outcome::Unknown, cause: "no answer".into() });
            }
            let document = document.to_text();
            stored.insert(id.as_str().to_owned(), document.clone());
            Ok(Session { id, revision: Revision::FIRST, document })
        };
        sessions.into_iter().map(create).collect()
    }

    async fn page(&self, _: &TenantId, after: Option<&Id>, limit: usize) -> Result<Vec<Session>, Error> {
        if after.is_some() && self.is_lost_behind_the_first_page {
            return Err(Error::Internal("disk on fire".into()));
        }
        let sessions = self.all().into_iter();
        let behind = sessions.filter(|(id, _)| after.is_none_or(|after| id.as_str() > after.as_str()));
        behind
            .take(limit)
            .map(|(id, document)| Ok(Session { id: Id::parse(&id)?, revision: Revision::FIRST, document }))
            .collect()
    }

    async fn update_data(&self, _: Vec<UpdateData>) -> Vec<Result<Updated, Error>> {
        unreachable!("these commands update nothing")
    }

    async fn get(&self, _: &TenantId, _: Vec<Id>) -> Vec<Result<Session, Error>> {
        unreachable!("these commands get nothing by its id")
    }

    async fn ping(&self) -> Result<(), Error> {
        unreachable!("these commands find out by themselves")
    }

    async fn close(&self) {
        unreachable!("these commands leave that to their caller")
    }
}

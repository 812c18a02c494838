//! A store in memory that fails when a test says so.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use domain::{
    Error, Outcome,
    command::{Command, CommandResult, Operation},
    event::{Position, Scope},
    health::Health,
    history,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{Events, Expired, Store},
    time::Timestamp,
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
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        let mut stored = self.sessions.lock().expect("not poisoned");
        let create = |Command { id, operation, .. }: Command| {
            let Operation::Create(create) = operation else { unreachable!("these commands only create") };
            if stored.contains_key(id.as_str()) {
                return Err(Error::Exists(id));
            }
            if Some(stored.len()) == self.room {
                return Err(Error::StoreUnavailable { outcome: Outcome::Unknown, cause: "no answer".into() });
            }
            let document = create.document.text().to_owned();
            stored.insert(id.as_str().to_owned(), document.clone());
            Ok(CommandResult {
                revision: Revision::FIRST,
                document: Some(document),
                changed: true,
                replayed: false,
            })
        };
        commands.into_iter().map(create).collect()
    }

    async fn list(&self, _: &TenantId, _: &Filter, after: Option<&Id>, limit: usize) -> Result<Page, Error> {
        if after.is_some() && self.is_lost_behind_the_first_page {
            return Err(Error::Internal("disk on fire".into()));
        }
        let sessions = self.all().into_iter();
        let behind = sessions.filter(|(id, _)| after.is_none_or(|after| id.as_str() > after.as_str()));
        let session = |(id, document): (String, String)| {
            Ok(Session { id: Id::parse(&id)?, revision: Revision::FIRST, document })
        };
        let sessions: Vec<_> = behind.take(limit).map(session).collect::<Result<_, Error>>()?;
        let next = sessions.last().filter(|_| sessions.len() == limit).map(|last| last.id.clone());
        Ok(Page { sessions, next })
    }

    async fn get(&self, _: &TenantId, _: Vec<Id>) -> Vec<Result<Session, Error>> {
        unreachable!("these commands get nothing by its id")
    }

    async fn history(
        &self,
        _: &TenantId,
        _: &Id,
        _: Option<&str>,
        _: Option<Revision>,
        _: usize,
    ) -> Result<history::Page, Error> {
        unreachable!("these commands ask for no past")
    }

    async fn position(&self) -> Result<Position, Error> {
        unreachable!("these commands watch nothing")
    }

    async fn events(
        &self,
        _: &TenantId,
        _: &Scope,
        _: &Position,
        _: Option<&Position>,
        _: usize,
    ) -> Result<Events, Error> {
        unreachable!("these commands watch nothing")
    }

    async fn expire(&self, _: Expired, _: usize) -> Result<usize, Error> {
        unreachable!("these commands delete nothing")
    }

    async fn ended(&self, _: Timestamp, _: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        unreachable!("these commands delete nothing")
    }

    async fn health(&self) -> Health {
        unreachable!("these commands find out by themselves")
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        unreachable!("nothing expires here")
    }

    async fn close(&self) {
        unreachable!("these commands leave that to their caller")
    }
}

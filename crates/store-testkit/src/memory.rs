//! A store in memory: the port's promises in as few words as possible. It shows that the suite asks for nothing that
//! cannot be done, and serves tests of whatever stands before a store.
//!
//! Knows no disk, and keeps nothing beyond its own life.

mod kept;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Mutex, MutexGuard},
    time::SystemTime,
};

use async_trait::async_trait;
use domain::{
    Error, Outcome,
    batch::SessionState,
    command::{Command, CommandResult},
    event::{Event, EventWrite, Position, Scope},
    health::Health,
    history,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{Events, Expired, MAX_EVENTS_BYTES, Store},
    time::Timestamp,
};

use kept::{Kept, Key, position};

/// A store that forgets everything when it is closed.
pub struct Memory(Mutex<Option<Kept>>);

impl Default for Memory {
    fn default() -> Self {
        Self(Mutex::new(Some(Kept::default())))
    }
}

impl Memory {
    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().expect("no test panics while it holds the lock")
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> Result<T, Error>) -> Result<T, Error> {
        work(self.kept().as_mut().ok_or_else(closed)?)
    }
}

fn closed() -> Error {
    Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: "closed".into() }
}

#[async_trait]
impl Store for Memory {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        let mut kept = self.kept();
        let Some(kept) = kept.as_mut() else { return commands.iter().map(|_| Err(closed())).collect() };
        let mut sessions: BTreeMap<Key, SessionState> = BTreeMap::new();
        let mut one = |command: &Command| {
            command.cancel_handle.pass_commit_point()?;
            let session = match sessions.entry((command.tenant.clone(), command.id.clone())) {
                Entry::Occupied(session) => session.into_mut(),
                Entry::Vacant(vacant) => {
                    let session = kept.state(vacant.key())?;
                    vacant.insert(session)
                }
            };
            session.apply(command)
        };
        let results = commands.iter().map(&mut one).collect();
        for (key, session) in sessions {
            if let Some(write) = session.into_write() {
                kept.write(key, write);
            }
        }
        results
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        let one = |id: Id| {
            self.with(|kept| {
                let stored = kept.sessions.get(&(tenant.clone(), id.clone()));
                stored.and_then(|stored| stored.session(&id)).ok_or(Error::NotFound(id))
            })
        };
        ids.into_iter().map(one).collect()
    }

    /// Looks at as many sessions as the page may hold, whether or not they meet the filter: a caller has to read on.
    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.with(|kept| {
            let is_behind = |id: &Id| after.is_none_or(|after| id > after);
            let mut behind = kept.sessions.iter().filter(|((whose, id), _)| whose == tenant && is_behind(id));
            let looked_at: Vec<_> = behind.by_ref().take(limit).collect();
            let next = looked_at.last().filter(|_| behind.next().is_some()).map(|((_, id), _)| id.clone());
            let wanted = looked_at.into_iter().filter(|(_, stored)| stored.meets(filter));
            Ok(Page { sessions: wanted.filter_map(|((_, id), stored)| stored.session(id)).collect(), next })
        })
    }

    /// Looks at as many events as the page may hold, whether or not they are the key's: a caller has to read on.
    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<history::Page, Error> {
        self.with(|kept| {
            let wanted = |event: &&Event| {
                event.tenant == *tenant
                    && event.session_id == *id
                    && before.is_none_or(|before| event.revision < before)
            };
            let mut newest_first = kept.events.iter().rev().map(|(_, write)| &write.event).filter(wanted);
            let looked_at: Vec<_> = newest_first.by_ref().take(limit).collect();
            let next = newest_first.next().map(|event| event.revision.next());
            let is_of_key = |event: &&Event| key.is_none_or(|key| event.keys().contains(&key));
            Ok(history::Page { events: looked_at.into_iter().filter(is_of_key).cloned().collect(), next })
        })
    }

    async fn position(&self) -> Result<Position, Error> {
        self.with(|kept| Ok(position(kept.last)))
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        self.with(|kept| {
            let after = kept.number(after)?;
            let until = until.map(|until| kept.number(until)).transpose()?.unwrap_or(kept.last);
            if after < kept.expired {
                return Err(Error::PositionExpired);
            }
            let mut wanted = kept.events.iter().filter(|(number, write)| {
                let event = &write.event;
                (after < *number && *number <= until) && event.tenant == *tenant && scope.holds(event)
            });
            let mut bytes = 0;
            let mut page = Vec::new();
            while page.len() < limit
                && bytes < MAX_EVENTS_BYTES
                && let Some(next) = wanted.next()
            {
                bytes += next.1.document_bytes;
                page.push(next);
            }
            let complete = wanted.next().is_none();
            let last = page.last().map_or(after, |(number, _)| *number);
            let whole =
                |(number, write): &(u64, EventWrite)| Ok((kept.whole(&write.event)?, position(*number)));
            let events = page.into_iter().map(whole).collect::<Result<_, Error>>()?;
            Ok(Events { events, next: position(if complete { until.max(after) } else { last }), complete })
        })
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        self.with(|kept| {
            let mut left = limit;
            let mut goes = |at: Timestamp, before: Timestamp| {
                let goes = at < before && left > 0;
                left -= usize::from(goes);
                goes
            };
            match expired {
                Expired::Events(before) => kept.events.retain(|(number, write)| {
                    let goes = goes(write.event.at, before);
                    if goes {
                        kept.expired = kept.expired.max(*number);
                    }
                    !goes
                }),
                Expired::IdempotencyRecords(before) => {
                    for session in kept.sessions.values_mut() {
                        session.idempotency_records.retain(|record| !goes(record.at, before));
                    }
                }
            }
            Ok(limit - left)
        })
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        self.with(|kept| {
            let ended =
                kept.sessions.iter().filter_map(|(key, stored)| Some((stored.ended?, key, stored.revision)));
            let mut ended: Vec<_> = ended.filter(|(at, ..)| *at < before).collect();
            ended.sort_by_key(|(at, ..)| *at);
            Ok(ended
                .into_iter()
                .take(limit)
                .map(|(_, (whose, id), revision)| (whose.clone(), id.clone(), revision))
                .collect())
        })
    }

    async fn health(&self) -> Health {
        Health::all(self.kept().as_ref().map(drop).ok_or_else(|| "closed".into()))
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        self.with(|_| Ok(SystemTime::now().into()))
    }

    async fn close(&self) {
        *self.kept() = None;
    }
}

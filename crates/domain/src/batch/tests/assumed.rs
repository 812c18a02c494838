//! Commands of sessions that the cache knows, also otherwise than they are stored.

mod cancelled;
mod stale;
mod statements;

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;

use super::*;
use crate::{Outcome, cancel_handle::CancelHandle, request_id::IdempotencyRecord};

/// A database that others may write too.
struct Database {
    sessions: BTreeMap<Id, (Revision, Option<String>)>,
    records: Vec<(Id, IdempotencyRecord)>,
    /// What was asked of it: reads and writes, with the ids of their sessions.
    statements: Vec<String>,
    /// What happens in each round while sessions are read.
    meanwhile: VecDeque<Meanwhile>,
    /// What those got who cancelled a command meanwhile.
    answered: Vec<Outcome>,
    /// Why the next write is refused.
    refusal: Option<Refusal>,
}

enum Meanwhile {
    Cancels(CancelHandle),
    Clears(SessionCache),
}

impl Database {
    fn new() -> Self {
        let (sessions, records, statements, meanwhile, answered, refusal) = Default::default();
        Self { sessions, records, statements, meanwhile, answered, refusal }
    }

    /// Executes commands of a process with this cache, and gives the results with the statements that it took.
    fn execute(
        &mut self,
        cache: &SessionCache,
        commands: &[Command],
    ) -> (Vec<Option<Result<CommandResult, Error>>>, Vec<String>) {
        let results = run(execute(self, cache, commands));
        (results, std::mem::take(&mut self.statements))
    }

    /// The statements that commands take which are all allowed.
    fn statements(&mut self, cache: &SessionCache, commands: &[Command]) -> Vec<String> {
        let (results, statements) = self.execute(cache, commands);
        assert!(results.iter().all(|result| matches!(result, Some(Ok(_)))), "{results:?}");
        statements
    }
}

#[async_trait]
impl Storage for Database {
    async fn read(
        &mut self,
        sessions: &[Key<'_>],
        commands: &[&Command],
    ) -> Result<Vec<Result<SessionState, Error>>, Error> {
        match self.meanwhile.pop_front() {
            None => {}
            Some(Meanwhile::Cancels(handle)) => self.answered.push(handle.cancel()),
            Some(Meanwhile::Clears(cache)) => cache.clear(),
        }
        let ids: Vec<_> = sessions.iter().map(|(_, id)| id.as_str()).collect();
        assert!(commands.iter().all(|command| ids.contains(&command.id.as_str())));
        if !ids.is_empty() {
            self.statements.push(format!("read {}", ids.concat()));
        }
        let read = |&(tenant, id): &Key<'_>| {
            let Some((revision, document)) = self.sessions.get(id).cloned() else {
                return Ok(SessionState::missing(tenant.clone(), id.clone()));
            };
            let mut state = SessionState::stored(tenant.clone(), id.clone(), revision, document)?;
            let of_session = self.records.iter().filter(|(whose, _)| whose == id);
            of_session.for_each(|(_, record)| state.add_stored_record(record.clone()));
            Ok(state)
        };
        Ok(sessions.iter().map(read).collect())
    }

    async fn write(&mut self, group: &[SessionWrite]) -> Result<Vec<bool>, Refusal> {
        let ids: Vec<_> = group.iter().map(|write| write.id.as_str()).collect();
        assert!(ids.is_sorted(), "rows are locked in one order: {ids:?}");
        self.statements.push(format!("write {}", ids.concat()));
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        let mut written = Vec::new();
        for write in group {
            let stored = self.sessions.get(&write.id).map_or(Revision::NONE, |(revision, _)| *revision);
            let has_record = self.records.iter().any(|(whose, stored)| {
                let mut added = write.idempotency_records.iter();
                *whose == write.id && added.any(|record| record.request_id == stored.request_id)
            });
            written.push(stored == write.expected && !has_record);
            if written.last() == Some(&true) {
                self.sessions.insert(write.id.clone(), (write.revision, write.document.clone()));
                self.records.retain(|(whose, _)| !write.erase || *whose != write.id);
                let records = write.idempotency_records.iter().cloned();
                self.records.extend(records.map(|record| (write.id.clone(), record)));
            }
        }
        Ok(written)
    }
}

fn cache() -> SessionCache {
    SessionCache::new(SessionCache::DEFAULT_BYTES)
}

fn of(id: &str, command: Command) -> Command {
    Command { id: Id::parse(id).expect("an id"), ..command }
}

/// A database with sessions that have been stored by the process with the cache.
fn storing(ids: &[&str]) -> (Database, SessionCache) {
    let (mut database, cache) = (Database::new(), cache());
    let commands: Vec<_> = ids.iter().map(|id| of(id, create(ACTIVE, Existing::Refuse))).collect();
    database.statements(&cache, &commands);
    (database, cache)
}

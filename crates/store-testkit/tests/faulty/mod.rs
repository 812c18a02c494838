//! A store with one fault, for cases to notice.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use channel_sessions_store_testkit::{memory::Memory, parsed};
use domain::{
    Error,
    batch::SessionState,
    cancel_handle::CancelHandle,
    command::{Command, CommandResult, Create, Existing, Operation},
    event::{Event, Position, Scope},
    health::Health,
    history,
    list::{Filter, Page},
    request_id::RequestId,
    session::{Id, Revision, Session, TenantId},
    store::{Events, Expired, Store},
    time::Timestamp,
};

/// What a store may do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: every case that notices a fault has to be content with a store that has none.
    None,
    ForgetsRequests,
    ForgetsRequestsThatChangedNothing,
    IgnoresRevisions,
    IgnoresPreconditions,
    MakesWhatIsOnlyValidated,
    MakesWhatWasCancelled,
    LosesUpdates,
    GoesBackwardsThroughCalls,
    ReadsWhatWas,
    SkipsEvents,
    SkipsEventsBetweenPages,
    RepeatsEventsBetweenPages,
    DisordersEvents,
    ShowsPasswords,
    IgnoresUntil,
    StartsReadersTooEarly,
    TakesAnyPosition,
    HidesThatAReaderIsLate,
    ExpiresTooMuch,
    SkipsSessionsBetweenPages,
    IgnoresFilters,
    KeepsThePastOfTheDeleted,
    SkipsThePastBetweenPages,
    EndsThePastWithAnEmptyPage,
    DisordersEnded,
    NeverCloses,
    /// Keeps the connection of a call that is dropped half-way.
    KeepsWhatIsLeft,
    /// Leaves a transaction open where a call is dropped half-way: the next call's write goes with it.
    LosesWhatComesBehindWhatIsLeft,
    /// Makes a change in two steps, between which a call can be dropped.
    MakesHalfOfWhatIsLeft,
}

pub(crate) struct Faulty {
    fault: Fault,
    store: Memory,
    calls: AtomicUsize,
    start: Mutex<Option<Position>>,
    first: Mutex<BTreeMap<Id, Session>>,
    documents: Mutex<BTreeMap<(Id, Revision), String>>,
    past: Mutex<BTreeMap<Id, Vec<Event>>>,
    connections: AtomicUsize,
    in_transaction: AtomicBool,
    records: Mutex<BTreeMap<(Id, RequestId), CommandResult>>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            store: Memory::default(),
            calls: AtomicUsize::new(0),
            start: Mutex::default(),
            first: Mutex::default(),
            documents: Mutex::default(),
            past: Mutex::default(),
            connections: AtomicUsize::new(4),
            in_transaction: AtomicBool::new(false),
            records: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// A command as a store with this fault takes it.
    async fn taken(&self, mut command: Command) -> Command {
        if self.is(Fault::ForgetsRequests) {
            command.request_id = None;
        }
        if self.is(Fault::ForgetsRequestsThatChangedNothing) {
            let only = Command { validate_only: true, cancel_handle: CancelHandle::new(), ..command.clone() };
            if matches!(&*self.store.execute(vec![only]).await, [Ok(received)] if !received.changed) {
                command.request_id = None;
            }
        }
        if self.is(Fault::IgnoresRevisions) {
            command.revision = None;
        }
        if self.is(Fault::IgnoresPreconditions)
            && let Operation::Update(update) = &mut command.operation
        {
            update.preconditions.clear();
        }
        if self.is(Fault::MakesWhatIsOnlyValidated) {
            command.validate_only = false;
        }
        if self.is(Fault::MakesWhatWasCancelled) {
            command.cancel_handle = CancelHandle::new();
        }
        command
    }

    /// Takes a connection, and gives it back if the call comes to its end.
    async fn on_connection(&self) -> Result<(), Error> {
        if !self.is(Fault::KeepsWhatIsLeft) {
            return Ok(());
        }
        let left = |connections: usize| connections.checked_sub(1);
        let taken = self.connections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map_err(|_| Error::Overloaded)?;
        tokio::task::yield_now().await;
        self.connections.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Executes in a transaction that is open across an await.
    async fn transact(&self, mut commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        let is_open = self.in_transaction.swap(true, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.in_transaction.store(false, Ordering::Relaxed);
        if is_open {
            commands.iter_mut().for_each(|command| command.validate_only = true);
        }
        self.store.execute(commands).await
    }

    /// Makes a change, and takes note of its request id later.
    async fn in_two_steps(&self, command: Command) -> Result<CommandResult, Error> {
        let Some(request_id) = command.request_id.clone() else {
            return self.store.execute(vec![command]).await.remove(0);
        };
        let key = (command.id.clone(), request_id);
        if let Some(made) = lock(&self.records).get(&key) {
            return Ok(made.clone());
        }
        let made = self.store.execute(vec![Command { request_id: None, ..command }]).await.remove(0)?;
        tokio::task::yield_now().await;
        lock(&self.records).insert(key, made.clone());
        Ok(made)
    }

    /// Reads, works, and writes what others may have changed meanwhile.
    async fn loses(&self, command: Command) -> Result<CommandResult, Error> {
        let found = self.store.get(&command.tenant, vec![command.id.clone()]).await.remove(0)?;
        let (tenant, id) = (command.tenant.clone(), command.id.clone());
        let mut state = SessionState::stored(tenant, id, found.revision, Some(found.document))?;
        let received = state.apply(&command)?;
        // Long enough for others to come in between, however the tasks are run.
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        let (true, Some(document)) = (received.changed, &received.document) else { return Ok(received) };
        let create = Create { document: parsed::document(document), existing: Existing::Replace };
        let replacement = Command { operation: Operation::Create(create), revision: None, ..command };
        self.store.execute(vec![replacement]).await.remove(0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Store for Faulty {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        let mut taken = Vec::new();
        for command in commands {
            taken.push(self.taken(command).await);
        }
        if let Err(error) = self.on_connection().await {
            return taken.iter().map(|_| Err(error.clone())).collect();
        }
        if self.is(Fault::LosesWhatComesBehindWhatIsLeft) {
            return self.transact(taken).await;
        }
        if self.is(Fault::MakesHalfOfWhatIsLeft) {
            let mut results = Vec::new();
            for command in taken {
                results.push(self.in_two_steps(command).await);
            }
            return results;
        }
        if let ([command], Fault::LosesUpdates) = (&*taken, self.fault)
            && matches!(command.operation, Operation::Update(_))
            && command.request_id.is_none()
            && !command.validate_only
        {
            return vec![self.loses(command.clone()).await];
        }
        if self.is(Fault::KeepsThePastOfTheDeleted) {
            for command in &taken {
                let past = self.store.history(&command.tenant, &command.id, None, None, usize::MAX).await;
                lock(&self.past).insert(command.id.clone(), past.unwrap_or_default().events);
            }
        }
        let ids: Vec<_> = taken.iter().map(|command| command.id.clone()).collect();
        if self.is(Fault::GoesBackwardsThroughCalls) {
            taken.reverse();
        }
        let mut results = self.store.execute(taken).await;
        if self.is(Fault::GoesBackwardsThroughCalls) {
            results.reverse();
        }
        for (id, result) in ids.into_iter().zip(&results) {
            if let Ok(CommandResult { revision, document: Some(document), .. }) = result {
                lock(&self.documents).insert((id, *revision), document.clone());
            }
        }
        results
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        if let Err(error) = self.on_connection().await {
            return ids.iter().map(|_| Err(error.clone())).collect();
        }
        let mut results = self.store.get(tenant, ids).await;
        let is_late = self.calls.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        for session in results.iter_mut().flatten() {
            let first =
                lock(&self.first).entry(session.id.clone()).or_insert_with(|| session.clone()).clone();
            if self.is(Fault::ReadsWhatWas) && is_late {
                *session = first;
            }
        }
        results
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.on_connection().await?;
        let all = Filter::default();
        let filter = if self.is(Fault::IgnoresFilters) { &all } else { filter };
        let mut page = self.store.list(tenant, filter, after, limit).await?;
        if self.is(Fault::SkipsSessionsBetweenPages) && page.next.is_some() {
            page.sessions.pop();
        }
        Ok(page)
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<history::Page, Error> {
        self.on_connection().await?;
        let mut page = self.store.history(tenant, id, key, before, limit).await?;
        if self.is(Fault::KeepsThePastOfTheDeleted) && page.events.len() == 1 {
            page.events.extend(lock(&self.past).get(id).cloned().unwrap_or_default());
        }
        if self.is(Fault::SkipsThePastBetweenPages) && page.next.is_some() {
            page.events.pop();
        }
        if self.is(Fault::EndsThePastWithAnEmptyPage) && page.events.is_empty() {
            page.next = None;
        }
        Ok(page)
    }

    async fn position(&self) -> Result<Position, Error> {
        self.on_connection().await?;
        let position = self.store.position().await?;
        let start = lock(&self.start).get_or_insert_with(|| position.clone()).clone();
        Ok(if self.is(Fault::StartsReadersTooEarly) { start } else { position })
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        self.on_connection().await?;
        let until = until.filter(|_| !self.is(Fault::IgnoresUntil));
        let page = self.store.events(tenant, scope, after, until, limit).await;
        let nothing = || Ok(Events { events: Vec::new(), next: after.clone(), complete: true });
        let mut page = match page {
            Err(Error::InvalidParameter(_)) if self.is(Fault::TakesAnyPosition) => return nothing(),
            Err(Error::PositionExpired) if self.is(Fault::HidesThatAReaderIsLate) => return nothing(),
            page => page?,
        };
        if self.is(Fault::SkipsEvents) {
            page.events.retain(|(event, _)| event.revision.get() % 5 != 0);
        }
        if self.is(Fault::SkipsEventsBetweenPages) && !page.complete {
            page.events.pop();
        }
        if self.is(Fault::RepeatsEventsBetweenPages)
            && !page.complete
            && let [.., (_, last_but_one), _] = &*page.events
        {
            page.next = last_but_one.clone();
        }
        if self.is(Fault::DisordersEvents) {
            page.events.reverse();
        }
        if self.is(Fault::ShowsPasswords) {
            for (event, _) in &mut page.events {
                let id = (event.session_id.clone(), event.revision);
                event.document = event
                    .document
                    .take()
                    .map(|received| lock(&self.documents).get(&id).cloned().unwrap_or(received));
            }
        }
        Ok(page)
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        let later = |before: Timestamp| {
            let more = i64::from(self.is(Fault::ExpiresTooMuch));
            Timestamp::from_millis(before.millis().saturating_add(more))
        };
        let expired = match expired {
            Expired::Events(before) => Expired::Events(later(before)),
            Expired::IdempotencyRecords(before) => Expired::IdempotencyRecords(later(before)),
        };
        self.on_connection().await?;
        self.store.expire(expired, limit).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        self.on_connection().await?;
        let mut ended = self.store.ended(before, limit).await?;
        if self.is(Fault::DisordersEnded) {
            ended.reverse();
        }
        Ok(ended)
    }

    async fn health(&self) -> Health {
        match self.on_connection().await {
            Ok(()) => self.store.health().await,
            Err(error) => Health::all(Err(error.into())),
        }
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        self.on_connection().await?;
        self.store.now().await
    }

    async fn close(&self) {
        if !self.is(Fault::NeverCloses) {
            self.store.close().await;
        }
    }
}

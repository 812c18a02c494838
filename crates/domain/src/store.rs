//! The port to the store: what the service asks of a database, and nothing of how it is done.

use async_trait::async_trait;

use crate::{
    command::{Command, CommandResult},
    error::{Error, Source},
    event::{Event, Position, Scope},
    health::Health,
    history,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    time::Timestamp,
};

/// Keeps sessions and what happened to them. The conformance suite in `store-testkit` holds every implementation to what
/// is said here.
///
/// The errors that a method does not name are [`Error::StoreUnavailable`], [`Error::Overloaded`] and
/// [`Error::Internal`].
///
/// A call may be dropped at any time: what was begun ends by itself, and does no harm to whoever comes next. A command
/// that has passed its commit point is written whole, with its event and its idempotency record; one that has not is not
/// begun any more. What goes on behind a caller's back counts against the store's own bounds until it ends, such as its
/// connections: so callers that ask and leave again and again cannot pile up work.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Executes commands, in order, each on its own and in one atomic step with its event and its idempotency record: one
    /// that is refused harms no other, and there is one result for each, in order. Commands for the same session take effect
    /// one after the other, also those of other callers. Once `Ok` is returned for a command it is durable. A store that
    /// fails as a whole gives each command that it concerns the same error.
    ///
    /// What each command does, also to a session that is missing or when it is repeated, is decided by
    /// [`crate::batch::SessionState::apply`].
    ///
    /// Errors: those, and [`Error::DeadlineExceeded`] if the command was cancelled before its commit point.
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>>;

    /// Returns sessions as they stand, each at some moment between call and return, one result for each id, in order.
    ///
    /// Errors: [`Error::NotFound`].
    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>>;

    /// Returns up to `limit` of a tenant's sessions that meet the filter, in the order of their ids' bytes, starting
    /// behind `after`. A page may have fewer, even none, and still not be the last: it is as much as was found in
    /// bounded time, and [`Page::next`] says where to go on. Sessions that come and go meanwhile may be missed; others
    /// are not.
    ///
    /// # Errors
    /// Those that concern the store as a whole.
    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error>;

    /// Returns up to `limit` of a session's past events, newest first, without their documents: all, or those that
    /// changed an attribute with this key; those before a revision, where one is given. A page of one key may have fewer,
    /// even none, and still not be the last: it is as much as was found among [`history::MAX_SCANNED`] events, or
    /// [`history::MAX_SCANNED_BYTES`], and [`history::Page::next`] says where to go on. A session that is missing has none
    /// but that of its deletion.
    ///
    /// # Errors
    /// Those that concern the store as a whole.
    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<history::Page, Error>;

    /// Returns the position behind every event whose command had been acknowledged before the call.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where the store has no positions. Then nothing can be read on, and it is healthy all the same.
    async fn position(&self) -> Result<Position, Error>;

    /// Returns up to `limit` of a tenant's events in a scope that come behind a position, and, where `until` is given, not
    /// behind that; fewer where their documents have [`MAX_EVENTS_BYTES`]; in a session, in the order of revisions. Reading
    /// on from [`Events::next`], no event is missed, whoever recorded it and however long its commit took; an event may come
    /// twice only if a position is used twice.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a position that this store did not give, [`Error::PositionExpired`] if events
    /// behind it may have expired, [`Error::NotSupported`] as for [`Self::position`].
    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error>;

    /// Deletes one small step of what has expired, looking at up to `limit` of the oldest, and returns how much that was.
    /// Nothing is left to do for now when it is none; less than `limit` may be followed by more, where clocks that run fast
    /// dated some of the oldest ahead.
    ///
    /// # Errors
    /// Those that concern the store as a whole.
    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error>;

    /// Returns up to `limit` sessions of any tenant that had ended before a moment, those that ended first coming first.
    ///
    /// # Errors
    /// Those that concern the store as a whole.
    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error>;

    /// Asks whether the store answers what callers need: each kind of call with a probe of its own, which ends within
    /// some seconds whatever hangs. Tables that are not as this version needs them, a database that is read-only and a
    /// disk that is full all show. It changes nothing that callers can see.
    async fn health(&self) -> Health;

    /// The time that what expires is counted by: one clock for all processes that share the store, whatever theirs say.
    /// Where there is none but the processes' own, it does not follow one that jumps ahead until the jump has lasted.
    ///
    /// # Errors
    /// Those that concern the store as a whole.
    async fn now(&self) -> Result<Timestamp, Error>;

    /// Waits for what is under way, also what its caller has left, and lets go of the database. What is asked afterwards is refused as
    /// [`Error::StoreUnavailable`].
    async fn close(&self);
}

/// How many lists and histories the service reads at once, at most. Each of them has a connection of the store's while it
/// reads. A store has more that read than these, or others beside them: so however slow lists are, reads of single sessions
/// find one. Too many, and they take the processors and the disk from everything else; too few, and a slow one holds up the
/// others.
pub const MAX_LISTS: usize = 3;

/// How many bytes the documents of the events that are read at once have, but for the last of them. Too few, and many events of
/// large sessions take many reads; too many, and what those hold in memory is out of proportion.
pub const MAX_EVENTS_BYTES: usize = 4 * 1024 * 1024;

/// Some events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// Each with the position behind it.
    pub events: Vec<(Event, Position)>,
    /// The position behind all that was looked at.
    pub next: Position,
    /// Whether `next` is as far as was asked for: everything up to it has been returned. Otherwise there may be more
    /// right behind it.
    pub complete: bool,
}

/// What is not kept any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    /// Events from before a moment.
    Events(Timestamp),
    /// Idempotency records from before a moment.
    IdempotencyRecords(Timestamp),
}

/// A store that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("{message}{}", .cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
pub struct OpenError {
    /// What to fix.
    pub message: String,
    /// What the database said, where it said something.
    pub cause: Option<Source>,
    /// Whether it may go away by itself, as when the database has yet to start: worth another try. Otherwise somebody has
    /// to change something first, such as the URL or a password.
    pub transient: bool,
}

impl OpenError {
    /// An error that stays until somebody changes something.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: None, transient: false }
    }

    /// The same, where the database said something.
    pub fn because(message: impl Into<String>, cause: impl Into<Source>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(message) }
    }

    /// The same error, as one that may go away by itself or not.
    #[must_use]
    pub fn transient(self, transient: bool) -> Self {
        Self { transient, ..self }
    }
}

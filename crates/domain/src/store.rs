//! The port to the store: what the service asks of a database, and nothing of how it is done.

use async_trait::async_trait;

use crate::{
    attempt::Attempt,
    attribute::Attributes,
    error::{Error, Source},
    session::{Document, Id, Session, TenantId},
};

/// Keeps sessions. The conformance suite in `store-testkit` holds every implementation to what is said here.
///
/// Each method takes many items and does all of them, in order, each on its own: one that is refused harms no
/// other, and there is one result for each, in order. Items of the same session take effect one after the other.
/// A store that fails as a whole gives each item that it concerns the same error. A method that has returned `Ok`
/// for an item has made the change durable. The errors that a method does not name are
/// [`Error::StoreUnavailable`], [`Error::Overloaded`] and [`Error::Internal`].
///
/// A returned future must be driven to its end: whoever may have to stop waiting spawns it, and gives up its
/// [`Attempt`].
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Attaches attributes, each item in one atomic step by the rule of [`crate::update::apply`], and returns the
    /// session as that step left it. Repeating an item changes nothing more.
    ///
    /// Errors: [`Error::NotFound`] if the session is missing, those of the rule, and
    /// [`Error::DeadlineExceeded`] if the attempt was given up before it was sent.
    async fn update_data(&self, updates: Vec<UpdateData>) -> Vec<Result<Updated, Error>>;

    /// Stores new sessions, each with the first revision.
    ///
    /// Errors: [`Error::Exists`] if the session is there, so that a repeat is refused, and
    /// [`Error::DeadlineExceeded`] if the attempt was given up before it was sent.
    async fn create(&self, sessions: Vec<Create>) -> Vec<Result<Session, Error>>;

    /// Returns sessions as they stand, each at some moment between call and return.
    ///
    /// Errors: [`Error::NotFound`].
    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>>;

    /// Returns up to `limit` of a tenant's sessions in the order of their ids' bytes, starting behind `after`. Fewer
    /// than `limit` are the last. Sessions that come and go meanwhile may be missed; others are not.
    ///
    /// # Errors
    /// Those that concern the store as a whole.
    async fn page(&self, tenant: &TenantId, after: Option<&Id>, limit: usize) -> Result<Vec<Session>, Error>;

    /// Asks the database for a sign of life, and for tables as this version needs them.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`], also if the tables are missing.
    async fn ping(&self) -> Result<(), Error>;

    /// Waits for what is under way and lets go of the database. What is asked afterwards is refused as
    /// [`Error::StoreUnavailable`].
    async fn close(&self);
}

/// Attributes to attach to one session.
#[derive(Debug, Clone)]
pub struct UpdateData {
    /// Whose session it is.
    pub tenant: TenantId,
    /// Which session.
    pub id: Id,
    /// What to attach.
    pub attributes: Attributes,
    /// How many entries the list may grow to.
    pub max_attributes: usize,
    /// Who waits for it.
    pub attempt: Attempt,
}

/// The session as an update left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// The session.
    pub session: Session,
    /// Whether the update changed it.
    pub changed: bool,
}

/// A session to store.
#[derive(Debug, Clone)]
pub struct Create {
    /// Whose session it is.
    pub tenant: TenantId,
    /// The id to store it under.
    pub id: Id,
    /// Its document.
    pub document: Document,
    /// Who waits for it.
    pub attempt: Attempt,
}

/// A store that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("{message}{}", .cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
pub struct OpenError {
    /// What to mend.
    pub message: String,
    /// What the database said, where it said something.
    pub cause: Option<Source>,
}

impl OpenError {
    /// An error that came from the database.
    pub fn because(message: impl Into<String>, cause: impl Into<Source>) -> Self {
        Self { message: message.into(), cause: Some(cause.into()) }
    }
}

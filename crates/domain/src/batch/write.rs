//! What a batch of commands comes to, for a store to write.

use crate::{
    command::CommandResult,
    error::Error,
    event::EventWrite,
    request_id::IdempotencyRecord,
    session::{Document, Id, IndexedFields, List, Revision, TenantId},
    time::Timestamp,
};

/// What is to be written of one session, in one atomic step and only if its revision is still the expected one: a
/// compare-and-swap.
#[derive(Debug, Clone)]
pub struct SessionWrite {
    /// Whose session.
    pub tenant: TenantId,
    /// Which session.
    pub id: Id,
    /// The session's revision in the store; zero if it has never been stored.
    pub expected: Revision,
    /// Its revision from now on. The same as the expected one where nothing but idempotency records is added.
    pub revision: Revision,
    /// Its document from now on, as canonical text where it changed; none if it is deleted.
    pub document: Option<String>,
    /// By what it is found; none if it is deleted.
    pub indexed_fields: Option<IndexedFields>,
    /// Whether it is found by anything else than before, and then perhaps not active any more. Where it is not, nothing has
    /// happened to it but that its data changed.
    pub index_changed: bool,
    /// Whether all that has been stored of it besides has to go first: events and idempotency records of a session that was
    /// deleted. What is to be kept below came after that.
    pub erase: bool,
    /// Whether the session takes the place of one that was deleted.
    pub restarts: bool,
    /// What happened to it, to be kept.
    pub events: Vec<EventWrite>,
    /// Requests that may come again, to be kept.
    pub idempotency_records: Vec<IdempotencyRecord>,
    /// When it stopped being active.
    pub ended: Ended,
    /// What was read of the document besides, so that it need not be read again.
    pub(super) attributes: Option<List>,
    /// Whether it was decided on what the cache says of the session, and nothing was read.
    pub(super) is_assumed: bool,
    /// The commands that it is made of, by their index in the batch, with what they are answered once it is written.
    pub(super) answers: Vec<(usize, Result<CommandResult, Error>)>,
}

/// What is known of the moment in which a session stopped being active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// What is stored of it stays.
    AsStored,
    /// It is this; none if the session is active, or deleted.
    At(Option<Timestamp>),
}

impl SessionWrite {
    /// Whether it is new data of a session that is there, and nothing else. That is what nearly all writes are, and what
    /// takes a store the least.
    #[must_use]
    pub fn is_update(&self) -> bool {
        !self.index_changed && self.idempotency_records.is_empty()
    }

    /// The document as it was decided; none if the session is deleted.
    pub(super) fn take_document(&mut self) -> Option<Document> {
        let parts = (self.document.take(), self.indexed_fields.take(), self.attributes.take());
        let (Some(text), Some(indexed_fields), Some(attributes)) = parts else { return None };
        Some(Document::of_parts(text, indexed_fields, attributes))
    }

    /// When the session stopped being active, in milliseconds since the epoch, where this write sets that.
    #[must_use]
    pub fn ended_at(&self) -> Option<i64> {
        match self.ended {
            Ended::At(Some(at)) => Some(at.millis()),
            Ended::At(None) | Ended::AsStored => None,
        }
    }

    /// What is to be written of a session with this revision before anything happens to it.
    pub(super) fn nothing(tenant: TenantId, id: Id, stored: Revision) -> Self {
        Self {
            tenant,
            id,
            expected: stored,
            revision: stored,
            document: None,
            indexed_fields: None,
            index_changed: false,
            erase: false,
            restarts: false,
            events: Vec::new(),
            idempotency_records: Vec::new(),
            ended: Ended::AsStored,
            attributes: None,
            is_assumed: false,
            answers: Vec::new(),
        }
    }
}

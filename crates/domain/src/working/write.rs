//! What a batch of changes comes to, for a store to write.

use crate::{event::Event, list::Keys, request_id::Recorded, session::Revision, time::Timestamp};

/// What is to be written of a session, in one atomic step and only if its revision is still the expected one.
#[derive(Debug, Clone)]
pub struct Write {
    /// The session's revision in the store; zero if it has never been stored.
    pub expected: Revision,
    /// Its revision from now on. The same as the expected one where nothing but request ids is recorded.
    pub revision: Revision,
    /// Its document from now on, as canonical text where it changed; none if it is deleted.
    pub document: Option<String>,
    /// By what it is found; none if it is deleted.
    pub keys: Option<Keys>,
    /// Whether it is found by anything else than before, and then perhaps not active any more. Where it is not, nothing has
    /// happened to it but that its data changed.
    pub rekeyed: bool,
    /// Whether all that has been stored of it besides has to go first: events and request ids of a session that was
    /// deleted. What is to be kept below came after that.
    pub erase: bool,
    /// Whether the session takes the place of one that was deleted.
    pub restarts: bool,
    /// What happened to it, to be kept.
    pub events: Vec<Event>,
    /// Requests that may come again, to be kept.
    pub requests: Vec<Recorded>,
    /// When it stopped being active.
    pub ended: Ended,
}

/// What is known of the moment in which a session stopped being active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// What is stored of it stays.
    AsStored,
    /// It is this; none if the session is active, or deleted.
    At(Option<Timestamp>),
}

impl Write {
    /// Whether it is new data of a session that is there, and nothing else. That is what nearly all writes are, and what
    /// takes a store the least.
    #[must_use]
    pub fn is_update(&self) -> bool {
        !self.rekeyed && self.requests.is_empty()
    }

    /// What is to be written of a session with this revision before anything happens to it.
    pub(super) fn nothing(stored: Revision) -> Self {
        Self {
            expected: stored,
            revision: stored,
            document: None,
            keys: None,
            rekeyed: false,
            erase: false,
            restarts: false,
            events: Vec::new(),
            requests: Vec::new(),
            ended: Ended::AsStored,
        }
    }
}

//! Events: what happened to a session, one for each of its revisions.

mod mask;
mod rebuild;
mod text;

use std::fmt;

use crate::{
    caller::Requester,
    error::Error,
    request_id::{Digest, RequestId},
    session::{Document, Id, Revision, TenantId},
    time::Timestamp,
    trace::TraceId,
};
// In a module of its own, since an error names it and this one names errors.
pub use crate::entry::Entry;
pub use mask::MASK;
pub(crate) use mask::{mask_changes, mask_document};
pub use rebuild::{Later, MAX_LATER, last_needed, rebuild};
pub(crate) use rebuild::{are_large, can_undo};
pub use text::{changes_from_text, changes_to_text};

/// An event as a store has it: texts and numbers.
#[derive(Debug)]
pub struct Stored<'a> {
    /// See [`Event::session_id`].
    pub session_id: &'a str,
    /// See [`Event::revision`].
    pub revision: i64,
    /// See [`Event::name`].
    pub name: &'a str,
    /// See [`Event::at`].
    pub at: i64,
    /// See [`Event::conversation_id`].
    pub conversation_id: Option<String>,
    /// See [`Event::requester`].
    pub requester: &'a str,
    /// See [`Event::request_id`].
    pub request_id: Option<&'a str>,
    /// See [`Event::trace_id`].
    pub trace_id: Option<&'a str>,
    /// What [`changes_to_text`] made of [`Event::changes`].
    pub changes: &'a str,
}

impl Stored<'_> {
    /// The event that it stands for, without its document.
    ///
    /// # Errors
    /// [`Error::Internal`] for what the service has not stored.
    pub fn read(self, tenant: &TenantId) -> Result<Event, Error> {
        let broken = |what: &str| Error::Internal(format!("a stored event is broken: {what}").into());
        Ok(Event {
            tenant: tenant.clone(),
            session_id: Id::parse(self.session_id)?,
            revision: Revision::new(self.revision),
            name: Name::from_wire(self.name).ok_or_else(|| broken(self.name))?,
            at: Timestamp::from_millis(self.at),
            conversation_id: self.conversation_id,
            requester: Requester::from_stored(self.requester),
            request_id: self.request_id.map(RequestId::parse).transpose().map_err(Error::InvalidParameter)?,
            trace_id: self.trace_id.map(|id| TraceId::parse(id).ok_or_else(|| broken(id))).transpose()?,
            changes: changes_from_text(self.changes).map_err(|what| broken(&what))?,
            document: None,
        })
    }
}

/// An event to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventWrite {
    /// What happened. Its document is not recorded: it is [rebuilt](rebuild).
    pub event: Event,
    /// The document before it, where the event's changes do not lead back to that or are large, and at every
    /// [`MAX_LATER`]th revision.
    pub before: Option<String>,
    /// The session's conversation before it, where it has another one or none after it: so those who read the conversation's
    /// events find the sessions that were in it.
    pub left_conversation_id: Option<String>,
    /// How many bytes the document after it has, none where there is none: so those who read events with their documents know
    /// how many fit before they read one.
    pub document_bytes: usize,
}

/// What happened to a session. Values of passwords are masked throughout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose session it is.
    pub tenant: TenantId,
    /// Which session.
    pub session_id: Id,
    /// The session's revision after it. In a session, events have one revision after the other, with no gap.
    pub revision: Revision,
    /// What happened.
    pub name: Name,
    /// When.
    pub at: Timestamp,
    /// The session's conversation, if it has one by which it can be found.
    pub conversation_id: Option<String>,
    /// Who asked for it.
    pub requester: Requester,
    /// The caller's name for the request, if it had one.
    pub request_id: Option<RequestId>,
    /// The trace that the caller's call was part of, if it said so.
    pub trace_id: Option<TraceId>,
    /// The attributes that it changed.
    pub changes: Vec<AttributeDiff>,
    /// The whole document after it, as JSON text; none where the session was deleted.
    pub document: Option<String>,
}

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// It was stored, or made active again.
    Started,
    /// Its data changed.
    DataUpdated,
    /// It is not active any more.
    Ended,
    /// It was erased. Such an event holds nothing of the session but its id and its revision.
    Deleted,
}

impl Name {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Started, Self::DataUpdated, Self::Ended, Self::Deleted];

    /// The name on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "CHANNEL_SESSION_STARTED",
            Self::DataUpdated => "CHANNEL_SESSION_DATA_UPDATED",
            Self::Ended => "CHANNEL_SESSION_ENDED",
            Self::Deleted => "CHANNEL_SESSION_DELETED",
        }
    }

    /// The event with this name.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// What became of one entry of `additionalAttributes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeDiff {
    /// The entry's key.
    pub key: String,
    /// Where in the list it stands after the change; for one that was removed, where it stood before.
    pub index: usize,
    /// What it was; none where it was appended.
    pub old: Option<Entry>,
    /// What it is; none where it was removed.
    pub new: Option<Entry>,
}

impl Event {
    /// The event's own id, made of whose it is: the same for every consumer and at every time.
    #[must_use]
    pub fn id(&self) -> EventId {
        let (tenant, id) = (self.tenant.as_str(), self.session_id.as_str());
        EventId(Digest::of(&format!("{tenant}\n{id}\n{}", self.revision.get())))
    }

    /// The event with the document that it came to, passwords masked.
    #[must_use]
    pub fn with_document(self, document: Document) -> Self {
        let masked = mask_document(&document, &mask::secret_keys(&self.changes));
        Self { document: Some(masked.unwrap_or_else(|| document.into_text())), ..self }
    }

    /// The keys of the attributes that changed, each once.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.changes.iter().map(|change| &*change.key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// An event's id: a UUID of version 8 (RFC 9562, section 5.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventId(Digest);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.as_bytes()[..16].iter().enumerate() {
            let byte = match at {
                6 => byte & 0x0f | 0x80,
                8 => byte & 0x3f | 0x80,
                _ => *byte,
            };
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

/// Where a consumer of events stands, as the store counts them: an opaque cursor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position(Box<str>);

impl Position {
    /// The longest position that is looked at, in characters.
    pub const MAX_CHARS: usize = 4096;

    /// Takes a position's text, whatever it says: the store finds out.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text: visible ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of a tenant's.
    All,
    /// One session's.
    Session(Id),
    /// Those of the sessions of one conversation.
    Conversation(String),
    /// Those that are in any of these.
    Any(Vec<Scope>),
}

impl Scope {
    /// The sessions and the conversations whose events are wanted; none where all are.
    #[must_use]
    pub fn parts(&self) -> Option<(Vec<&str>, Vec<&str>)> {
        let (mut sessions, mut conversations) = (Vec::new(), Vec::new());
        match self {
            Self::All => return None,
            Self::Session(id) => sessions.push(id.as_str()),
            Self::Conversation(id) => conversations.push(id.as_str()),
            Self::Any(scopes) => {
                for scope in scopes {
                    let (more_sessions, more_conversations) = scope.parts()?;
                    sessions.extend(more_sessions);
                    conversations.extend(more_conversations);
                }
            }
        }
        Some((sessions, conversations))
    }

    /// Whether an event is in it.
    #[must_use]
    pub fn holds(&self, event: &Event) -> bool {
        match self {
            Self::All => true,
            Self::Session(id) => event.session_id == *id,
            Self::Conversation(id) => event.conversation_id.as_ref() == Some(id),
            Self::Any(scopes) => scopes.iter().any(|scope| scope.holds(event)),
        }
    }
}

#[cfg(test)]
mod tests;

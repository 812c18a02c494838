//! Commands: what a caller may ask for of a session, and what it is answered.

use crate::{
    caller::{Admission, Caller, Requester},
    cancel_handle::CancelHandle,
    precondition::{Precondition, RevisionMatch},
    request_id::{Digest, RequestId},
    session::{Document, Id, Revision, Session, TenantId},
    time::Timestamp,
    trace::TraceId,
    update::Update,
};
use json::{Object, Value};

/// A command: an update, a create, an end or a delete of one session.
#[derive(Debug, Clone)]
pub struct Command {
    /// Whose session it is.
    pub tenant: TenantId,
    /// Which session.
    pub id: Id,
    /// What to do.
    pub operation: Operation,
    /// The revision that is required, if one is.
    pub revision: Option<RevisionMatch>,
    /// The caller's name for the command, if it may come again.
    pub request_id: Option<RequestId>,
    /// Whether only the checks are wanted, and nothing is to change.
    pub validate_only: bool,
    /// Who asks.
    pub requester: Requester,
    /// The trace that the call is part of, if it said so.
    pub trace_id: Option<TraceId>,
    /// When it was asked for.
    pub at: Timestamp,
    /// By which its caller can cancel it.
    pub cancel_handle: CancelHandle,
    /// What its caller's call was admitted by.
    pub admission: Admission,
}

/// What to do with a session.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Attach attributes, and remove some.
    Update(Update),
    /// Store a new session.
    Create(Create),
    /// End the session.
    End(End),
    /// Erase the session.
    Delete(Delete),
}

/// A session to store.
#[derive(Debug, Clone)]
pub struct Create {
    /// Its document.
    pub document: Document,
    /// What to do where there is one already.
    pub existing: Existing,
}

/// What creating a session does where there is one already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Refuse.
    #[default]
    Refuse,
    /// Leave the one that is there as it is, and return it.
    Keep,
    /// Put the new document in the place of the one that is there.
    Replace,
}

impl Existing {
    /// The name under which digests hold it: request ids that are kept depend on it.
    fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Keep => "keep",
            Self::Replace => "replace",
        }
    }
}

/// What a session's end says of it.
#[derive(Debug, Clone)]
pub struct End {
    /// The state's name, such as `ENDED`.
    pub state: String,
    /// The reason, such as `CUSTOMER`.
    pub reason_code: String,
}

/// The erasure of a session.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delete {
    /// Whether it is fine that there is none.
    pub allow_missing: bool,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResult {
    /// The session's revision after it. That of the deletion where the session was deleted, and zero where there never
    /// was one.
    pub revision: Revision,
    /// The session's document after it; none where it was deleted.
    pub document: Option<String>,
    /// Whether it changed anything.
    pub changed: bool,
    /// Whether that was before: it is the answer that its request id got then, and nothing was done now.
    pub replayed: bool,
}

impl CommandResult {
    /// The session as the command left it, unless it was deleted.
    #[must_use]
    pub fn session(self, id: Id) -> Option<Session> {
        Some(Session { id, revision: self.revision, document: self.document? })
    }
}

impl Command {
    /// What is asked for, by which a request id that comes again is known to mean the same. Who asks, when, and how the
    /// answer is to look are no part of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut content = self.operation.content();
        if let Some(revision) = &self.revision {
            content.insert("etag", revision.to_value());
        }
        Digest::of(&Value::Object(content).to_text())
    }
}

// It is not beside `Caller`, since commands name callers.
impl Caller {
    /// A command that it gives now, without any condition.
    #[must_use]
    pub fn command(&self, id: Id, operation: Operation, now: Timestamp) -> Command {
        Command {
            tenant: self.tenant.clone(),
            id,
            operation,
            revision: None,
            request_id: None,
            validate_only: false,
            requester: self.requester.clone(),
            trace_id: self.trace_id,
            at: now,
            cancel_handle: self.cancel_handle.clone(),
            admission: self.admission.clone(),
        }
    }
}

impl Operation {
    fn content(&self) -> Object {
        let text = |text: &str| Value::String(text.to_owned().into());
        let members = match self {
            Self::Update(update) => vec![
                ("update", update.attributes.to_value()),
                ("remove", Value::Array(update.remove_keys.iter().map(|key| text(key)).collect())),
                (
                    "preconditions",
                    Value::Array(update.preconditions.iter().map(Precondition::to_value).collect()),
                ),
            ],
            Self::Create(create) => {
                vec![("create", text(create.document.text())), ("existing", text(create.existing.name()))]
            }
            Self::End(end) => vec![("end", text(&end.state)), ("reason", text(&end.reason_code))],
            Self::Delete(_) => vec![("delete", Value::Null)],
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

#[cfg(test)]
mod tests;

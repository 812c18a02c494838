//! What a session does, once more and in the simplest way: one state, one command, the next state. Calls that were made
//! at the same time are held to it.
//!
//! Knows the domain's values and requests, and none of its rules: those are written here again.

mod call;
mod commit_times;
mod event_check;
mod history;
mod rule;

use domain::{
    Error,
    command::{Command, CommandResult, Delete, Existing, Operation},
    precondition::RevisionMatch,
    session::Revision,
};
use json::Value;

use crate::parsed;

pub(crate) use call::{Call, Did};
pub(crate) use event_check::check_events;
pub(crate) use history::check;

/// A session between two commands; one that was never stored has revision zero, one that was deleted no document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    revision: i64,
    document: Option<Value>,
}

/// What a command is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    revision: i64,
    document: Option<Value>,
    changed: bool,
}

impl From<CommandResult> for Answer {
    fn from(changed: CommandResult) -> Self {
        Self {
            revision: changed.revision.get(),
            document: changed.document.as_deref().map(parsed::value),
            changed: changed.changed,
        }
    }
}

impl State {
    const NONE: Self = Self { revision: 0, document: None };

    /// What a command is answered in this state, and the state that it leaves. Knows nothing of request ids. A refusal is
    /// its error's text, which says all that there is to it.
    fn step(&self, command: &Command) -> (Result<Answer, String>, Self) {
        let document = match self.effect(command) {
            Err(error) => return (Err(format!("{error:?}")), self.clone()),
            Ok(None) => {
                let Self { revision, document } = self.clone();
                return (Ok(Answer { revision, document, changed: false }), self.clone());
            }
            Ok(Some(document)) => document,
        };
        if command.validate_only {
            return (Ok(Answer { revision: self.revision, document, changed: true }), self.clone());
        }
        let revision = self.revision + 1;
        (Ok(Answer { revision, document: document.clone(), changed: true }), Self { revision, document })
    }

    /// The document that a command leaves, if it changes anything.
    fn effect(&self, command: &Command) -> Result<Option<Option<Value>>, Error> {
        let Some(document) = &self.document else {
            return match &command.operation {
                Operation::Create(create) if command.revision.is_none() => {
                    Ok(Some(Some(parsed::value(create.document.text()))))
                }
                Operation::Delete(Delete { allow_missing: true }) => Ok(None),
                Operation::Create(_) | Operation::Delete(_) | Operation::Update(_) | Operation::End(_) => {
                    Err(Error::NotFound(command.id.clone()))
                }
            };
        };
        let needs_active = matches!(command.operation, Operation::Update(_) | Operation::End(_));
        if needs_active && !rule::is_active(document) {
            return Err(Error::NotActive(command.id.clone()));
        }
        if matches!(&command.operation, Operation::Create(create) if create.existing == Existing::Refuse) {
            return Err(Error::Exists(command.id.clone()));
        }
        let revision = Revision::new(self.revision);
        if let Some(RevisionMatch::OneOf(revisions)) = &command.revision
            && !revisions.contains(&revision)
        {
            return Err(Error::RevisionMismatch { revision });
        }
        match &command.operation {
            Operation::Update(update) => Ok(rule::update(document, revision, update)?.map(Some)),
            Operation::End(end) => Ok(Some(Some(rule::end(document, end)))),
            Operation::Delete(_) => Ok(Some(None)),
            Operation::Create(create) => {
                let other = parsed::value(create.document.text());
                let replaces = create.existing == Existing::Replace && other != *document;
                Ok(replaces.then_some(Some(other)))
            }
        }
    }
}

/// Whether two commands ask for the same.
fn same_content(one: &Command, other: &Command) -> bool {
    let operations = match (&one.operation, &other.operation) {
        (Operation::Update(one), Operation::Update(other)) => {
            (&one.attributes, &one.remove_keys, &one.preconditions)
                == (&other.attributes, &other.remove_keys, &other.preconditions)
        }
        (Operation::Create(one), Operation::Create(other)) => {
            (one.document.text(), one.existing) == (other.document.text(), other.existing)
        }
        (Operation::End(one), Operation::End(other)) => {
            (&one.state, &one.reason_code) == (&other.state, &other.reason_code)
        }
        (Operation::Delete(_), Operation::Delete(_)) => true,
        (Operation::Update(_) | Operation::Create(_) | Operation::End(_) | Operation::Delete(_), _) => false,
    };
    operations && one.revision == other.revision
}

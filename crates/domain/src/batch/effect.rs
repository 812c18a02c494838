//! What a command comes to, before anything has changed.

use super::SessionState;
use crate::{
    command::{Command, Create, Delete, End, Existing, Operation},
    error::Error,
    event::{AttributeDiff, Name},
    session::Document,
    update::{self, Update},
};
use json::Value;

/// What a command comes to.
pub(super) enum Effect {
    /// Nothing.
    None,
    /// Another document, and its event.
    Document { name: Name, current: Document, changes: Vec<AttributeDiff> },
    /// The session's erasure.
    Delete,
}

impl Effect {
    /// Whether it leaves the session as it is.
    pub(super) fn is_noop(&self) -> bool {
        match self {
            Self::None => true,
            Self::Document { .. } | Self::Delete => false,
        }
    }
}

impl SessionState {
    pub(super) fn effect(&self, command: &Command) -> Result<Effect, Error> {
        match &command.operation {
            Operation::Create(create) => self.create(command, create),
            Operation::Update(update) => self.update(command, update),
            Operation::End(end) => self.end(command, end),
            Operation::Delete(delete) => self.erasure(command, *delete),
        }
    }

    fn create(&self, command: &Command, create: &Create) -> Result<Effect, Error> {
        let Some(existing) = &self.current else {
            if command.revision.is_some() {
                // No revision can be met by a session that is not there.
                return Err(Error::NotFound(self.id.clone()));
            }
            let current = create.document.clone();
            let changes = update::difference(&[], list_of(&current));
            return Ok(Effect::Document { name: Name::Started, current, changes });
        };
        let replaces = match create.existing {
            Existing::Refuse => return Err(Error::Exists(self.id.clone())),
            Existing::Keep => false,
            Existing::Replace => existing.text() != create.document.text(),
        };
        self.require(command)?;
        if !replaces {
            return Ok(Effect::None);
        }
        let current = create.document.clone();
        let name = match (existing.is_active(), current.is_active()) {
            (true, false) => Name::Ended,
            (false, true) => Name::Started,
            (true, true) | (false, false) => Name::DataUpdated,
        };
        let changes = update::difference(list_of(existing), list_of(&current));
        Ok(Effect::Document { name, current, changes })
    }

    fn update(&self, command: &Command, update: &Update) -> Result<Effect, Error> {
        let current = self.active(command)?;
        Ok(match update::apply(current, self.revision, update)? {
            None => Effect::None,
            Some(applied) => Effect::Document {
                name: Name::DataUpdated,
                current: applied.document,
                changes: applied.changes,
            },
        })
    }

    fn end(&self, command: &Command, end: &End) -> Result<Effect, Error> {
        let current = self.active(command)?;
        let current = end.apply(current)?;
        Ok(Effect::Document { name: Name::Ended, current, changes: Vec::new() })
    }

    fn erasure(&self, command: &Command, delete: Delete) -> Result<Effect, Error> {
        if self.current.is_none() && delete.allow_missing {
            return Ok(Effect::None);
        }
        self.existing()?;
        self.require(command)?;
        Ok(Effect::Delete)
    }

    fn existing(&self) -> Result<&Document, Error> {
        self.current.as_ref().ok_or_else(|| Error::NotFound(self.id.clone()))
    }

    /// The session, if it is active and has the revision that is required.
    fn active(&self, command: &Command) -> Result<&Document, Error> {
        let current = self.existing()?;
        if !current.is_active() {
            return Err(Error::NotActive(self.id.clone()));
        }
        self.require(command)?;
        Ok(current)
    }

    fn require(&self, command: &Command) -> Result<(), Error> {
        match &command.revision {
            Some(required) if !required.allows(self.revision) => {
                Err(Error::RevisionMismatch { revision: self.revision })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The list of attributes where it is one.
fn list_of(document: &Document) -> &[Value] {
    document.attributes().unwrap_or_default()
}

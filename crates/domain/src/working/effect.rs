//! What a change comes to, before anything has changed.

use super::{Current, Working};
use crate::{
    change::{Change, Create, Delete, End, Existing, Operation},
    error::Error,
    event::{AttributeChange, Name},
    update::{self, Update, is_active},
};

/// What a change comes to.
pub(super) enum Effect {
    /// Nothing.
    None,
    /// Another document, and what tells of it.
    Document { name: Name, current: Current, changes: Vec<AttributeChange> },
    /// The session's erasure.
    Delete,
}

impl Effect {
    pub(super) fn changes(&self) -> bool {
        match self {
            Self::None => false,
            Self::Document { .. } | Self::Delete => true,
        }
    }
}

impl Working {
    pub(super) fn effect(&self, change: &Change) -> Result<Effect, Error> {
        match &change.operation {
            Operation::Create(create) => self.create(change, create),
            Operation::Update(update) => self.update(change, update),
            Operation::End(end) => self.end(change, end),
            Operation::Delete(delete) => self.erasure(change, *delete),
        }
    }

    fn create(&self, change: &Change, create: &Create) -> Result<Effect, Error> {
        let Some(existing) = &self.current else {
            if change.revision.is_some() {
                // No revision can be met by a session that is not there.
                return Err(Error::NotFound(self.id.clone()));
            }
            let current = Current::from(create.document.clone());
            let changes = update::difference(&[], update::list_of(&current.value));
            return Ok(Effect::Document { name: Name::Started, current, changes });
        };
        let replaces = match create.existing {
            Existing::Refuse => return Err(Error::Exists(self.id.clone())),
            Existing::Keep => false,
            Existing::Replace => existing.value != *create.document.value(),
        };
        self.require(change)?;
        if !replaces {
            return Ok(Effect::None);
        }
        let current = Current::from(create.document.clone());
        let name = match (is_active(&existing.value), is_active(&current.value)) {
            (true, false) => Name::Ended,
            (false, true) => Name::Started,
            (true, true) | (false, false) => Name::DataUpdated,
        };
        let changes = update::difference(update::list_of(&existing.value), update::list_of(&current.value));
        Ok(Effect::Document { name, current, changes })
    }

    fn update(&self, change: &Change, update: &Update) -> Result<Effect, Error> {
        let current = self.active(change)?;
        Ok(match update::apply(&current.value, self.revision, update)? {
            None => Effect::None,
            Some(applied) => Effect::Document {
                name: Name::DataUpdated,
                current: applied.document.into(),
                changes: applied.changes,
            },
        })
    }

    fn end(&self, change: &Change, end: &End) -> Result<Effect, Error> {
        let current = self.active(change)?;
        let current = end.apply(&current.value)?.into();
        Ok(Effect::Document { name: Name::Ended, current, changes: Vec::new() })
    }

    fn erasure(&self, change: &Change, delete: Delete) -> Result<Effect, Error> {
        if self.current.is_none() && delete.allow_missing {
            return Ok(Effect::None);
        }
        self.existing()?;
        self.require(change)?;
        Ok(Effect::Delete)
    }

    fn existing(&self) -> Result<&Current, Error> {
        self.current.as_ref().ok_or_else(|| Error::NotFound(self.id.clone()))
    }

    /// The session, if it is active and has the revision that is required.
    fn active(&self, change: &Change) -> Result<&Current, Error> {
        let current = self.existing()?;
        if !is_active(&current.value) {
            return Err(Error::NotActive(self.id.clone()));
        }
        self.require(change)?;
        Ok(current)
    }

    fn require(&self, change: &Change) -> Result<(), Error> {
        match &change.revision {
            Some(required) if !required.allows(self.revision) => {
                Err(Error::RevisionMismatch { revision: self.revision })
            }
            Some(_) | None => Ok(()),
        }
    }
}

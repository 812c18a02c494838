//! One session while a batch of commands is executed: what each command makes of it, decided in memory, and what is then
//! to be written. Every store reads, applies and writes; none of them decides.

use std::collections::BTreeSet;

use super::{Effect, Ended, SessionWrite};
use crate::{
    command::{Command, CommandResult, Operation},
    error::Error,
    event::{
        AttributeDiff, Event, EventWrite, MAX_LATER, Name, are_large, can_undo, mask_changes, mask_document,
    },
    request_id::{Digest, IdempotencyRecord},
    session::{Document, Id, Revision, TenantId},
};

/// One session's state, beginning with what is stored.
#[derive(Debug, Clone)]
pub struct SessionState {
    pub(super) id: Id,
    pub(super) revision: Revision,
    pub(super) current: Option<Document>,
    /// Those that are stored; those of the batch are in what is to be written.
    stored_records: Vec<IdempotencyRecord>,
    pub(super) write: SessionWrite,
}

impl SessionState {
    /// A session that nothing is stored of.
    #[must_use]
    pub fn missing(tenant: TenantId, id: Id) -> Self {
        Self::new(tenant, id, Revision::NONE, None)
    }

    /// A session as it is stored: the document is none if it was deleted.
    ///
    /// # Errors
    /// [`Error::Internal`] if the document is not one that the service stored.
    pub fn stored(
        tenant: TenantId,
        id: Id,
        revision: Revision,
        document: Option<String>,
    ) -> Result<Self, Error> {
        Ok(Self::new(tenant, id, revision, document.map(Document::stored).transpose()?))
    }

    /// A session as it may be stored: it has to be found so when it is written, and nothing else may come of it.
    pub(super) fn assumed(tenant: TenantId, id: Id, revision: Revision, document: Document) -> Self {
        let mut state = Self::new(tenant, id, revision, Some(document));
        state.write.is_assumed = true;
        state
    }

    fn new(tenant: TenantId, id: Id, revision: Revision, current: Option<Document>) -> Self {
        let restarts = current.is_none() && revision > Revision::NONE;
        let write = SessionWrite { restarts, ..SessionWrite::nothing(tenant, id.clone(), revision) };
        Self { id, revision, current, stored_records: Vec::new(), write }
    }

    /// Adds an idempotency record that is stored. Where the session has been deleted since, it is forgotten.
    pub fn add_stored_record(&mut self, record: IdempotencyRecord) {
        if !self.write.erase {
            self.stored_records.push(record);
        }
    }

    /// What is to be written, if anything is.
    #[must_use]
    pub fn into_write(self) -> Option<SessionWrite> {
        if !self.has_write() {
            return None;
        }
        let restarts = self.write.restarts && self.current.is_some();
        let write = SessionWrite { revision: self.revision, restarts, ..self.write };
        let Some(document) = self.current else { return Some(write) };
        let (text, indexed_fields, attributes) = document.into_parts();
        Some(SessionWrite {
            document: Some(text),
            indexed_fields: Some(indexed_fields),
            attributes: Some(attributes),
            ..write
        })
    }

    /// Whether anything is to be written.
    pub(super) fn has_write(&self) -> bool {
        self.revision != self.write.expected || !self.write.idempotency_records.is_empty()
    }

    /// Executes a command, or says why not; then nothing has changed.
    ///
    /// - A request id that was used before, with the same content, gives the answer that it got then.
    /// - An update attaches and removes attributes by the rule of [`crate::update::apply`].
    /// - A creation stores a new session, also in the place of one that was deleted, whose revision it continues.
    ///   One that is there is refused, left alone or replaced, as the creation says.
    /// - An end makes the session inactive. A session is ended once.
    /// - A deletion erases the session and leaves its revision. It has a revision of its own, and its request id is not
    ///   kept.
    ///
    /// A command that changes nothing leaves the revision as it is. One that is only to be validated is answered as it
    /// would have been, except for the revision, which stays.
    ///
    /// # Errors
    /// In this order: [`Error::NotFound`], [`Error::RequestIdReused`], [`Error::Exists`], [`Error::NotActive`],
    /// [`Error::RevisionMismatch`], those of [`crate::update::apply`].
    pub fn apply(&mut self, command: &Command) -> Result<CommandResult, Error> {
        if let Some(record) = self.record_of(command) {
            return record.replay(&command.digest());
        }
        let effect = self.effect(command)?;
        let changed = !effect.is_noop();
        if command.validate_only {
            let document = match effect {
                Effect::None => self.text(),
                Effect::Document { current, .. } => Some(current.into_text()),
                Effect::Delete => None,
            };
            return Ok(CommandResult { revision: self.revision, document, changed, replayed: false });
        }
        if changed {
            self.revision = self.revision.next();
        }
        match effect {
            Effect::None => {}
            Effect::Document { name, current, changes } => {
                self.add_event(command, name, changes, &current);
                self.note_indexed_fields(command, &current);
                self.current = Some(current);
            }
            Effect::Delete => self.delete(command),
        }
        let document = self.text();
        let result = CommandResult { revision: self.revision, document, changed, replayed: false };
        self.add_record(command, &result);
        Ok(result)
    }

    fn text(&self) -> Option<String> {
        self.current.as_ref().map(|current| current.text().to_owned())
    }

    /// The record of this command's request id, if there is one: stored, or of an earlier command of the batch.
    fn record_of(&self, command: &Command) -> Option<&IdempotencyRecord> {
        let id = command.request_id.as_ref().filter(|_| self.current.is_some())?;
        self.stored_records
            .iter()
            .chain(&self.write.idempotency_records)
            .find(|record| record.request_id == *id)
    }

    fn add_event(
        &mut self,
        command: &Command,
        name: Name,
        mut changes: Vec<AttributeDiff>,
        current: &Document,
    ) {
        let masked = mask_changes(&mut changes);
        let is_update = matches!(command.operation, Operation::Update(_));
        let is_needed = |before: &&Document| {
            let leads_back = is_update && can_undo(before, &changes, &masked) && !are_large(&changes);
            !leads_back || self.revision.get() % MAX_LATER == 0
        };
        let before = self.current.as_ref().filter(is_needed).map(|before| {
            mask_document(before, &BTreeSet::new()).unwrap_or_else(|| before.text().to_owned())
        });
        let conversation_id = current.indexed_fields().conversation_id.clone();
        let conversation_before =
            self.current.as_ref().and_then(|before| before.indexed_fields().conversation_id.clone());
        let left_conversation_id =
            conversation_before.filter(|before| conversation_id.as_ref() != Some(before));
        let event = Event {
            conversation_id,
            request_id: command.request_id.clone(),
            changes,
            ..self.event(command, name)
        };
        let document_bytes = current.text().len();
        self.write.events.push(EventWrite { event, before, left_conversation_id, document_bytes });
    }

    /// A session that is stored inactive has ended then; one that was inactive before has ended when it had.
    fn note_indexed_fields(&mut self, command: &Command, current: &Document) {
        if self.current.as_ref().is_some_and(|before| before.indexed_fields() == current.indexed_fields()) {
            return;
        }
        self.write.index_changed = true;
        let had_ended = self.current.as_ref().is_some_and(|before| !before.is_active());
        if current.is_active() {
            self.write.ended = Ended::At(None);
        } else if !had_ended {
            self.write.ended = Ended::At(Some(command.at));
        }
    }

    /// Leaves nothing of what callers sent, be it stored or still to be written.
    fn delete(&mut self, command: &Command) {
        self.current = None;
        self.stored_records.clear();
        self.write.idempotency_records.clear();
        self.write.erase = true;
        self.write.index_changed = true;
        self.write.ended = Ended::At(None);
        // The conversation's events of the session are erased, so there is nothing to find.
        let event = self.event(command, Name::Deleted);
        self.write.events =
            vec![EventWrite { event, before: None, left_conversation_id: None, document_bytes: 0 }];
    }

    /// An event that says no more than what happened, to which session, when, and in whose call.
    fn event(&self, command: &Command, name: Name) -> Event {
        Event {
            tenant: self.write.tenant.clone(),
            session_id: self.id.clone(),
            revision: self.revision,
            name,
            at: command.at,
            conversation_id: None,
            requester: command.requester.clone(),
            request_id: None,
            trace_id: command.trace_id,
            changes: Vec::new(),
            document: None,
        }
    }

    fn add_record(&mut self, command: &Command, result: &CommandResult) {
        let (Some(request_id), Some(document)) = (&command.request_id, &result.document) else { return };
        self.write.idempotency_records.push(IdempotencyRecord {
            request_id: request_id.clone(),
            digest: command.digest(),
            revision: result.revision,
            changed: result.changed,
            keeps_document: self
                .current
                .as_ref()
                .is_some_and(|current| mask_document(current, &BTreeSet::new()).is_some()),
            document: document.clone(),
            at: command.at,
        });
    }
}

impl IdempotencyRecord {
    /// The answer that the request got, for a repeat of it with the same content.
    fn replay(&self, digest: &Digest) -> Result<CommandResult, Error> {
        if self.digest != *digest {
            return Err(Error::RequestIdReused(self.request_id.clone()));
        }
        let document = Some(self.document.clone());
        Ok(CommandResult { revision: self.revision, document, changed: self.changed, replayed: true })
    }
}

//! One session while a batch of changes is worked on: what each change makes of it, decided in memory, and what is
//! then to be written. Every store loads, applies and writes; none of them decides.

mod batch;
mod effect;
mod write;

pub use batch::{Batch, Key, Part, Refusal};
pub use write::{Ended, Write};

use crate::{
    change::{Change, Changed},
    error::Error,
    event::{AttributeChange, Event, Name, mask_changes, mask_document},
    request_id::{Digest, Recorded},
    session::{Document, Id, Revision, TenantId},
};
use effect::Effect;

/// One session's state, beginning with what is stored.
#[derive(Debug, Clone)]
pub struct Working {
    tenant: TenantId,
    id: Id,
    revision: Revision,
    current: Option<Document>,
    recorded: Vec<Recorded>,
    write: Write,
}

impl Working {
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

    fn new(tenant: TenantId, id: Id, revision: Revision, current: Option<Document>) -> Self {
        let restarts = current.is_none() && revision > Revision::NONE;
        let write = Write { restarts, ..Write::nothing(revision) };
        Self { tenant, id, revision, current, recorded: Vec::new(), write }
    }

    /// Adds a request that was recorded before. Where the session has been deleted since, it is forgotten.
    pub fn recall(&mut self, request: Recorded) {
        if !self.write.erase {
            self.recorded.push(request);
        }
    }

    /// What is to be written, if anything is.
    #[must_use]
    pub fn into_write(self) -> Option<Write> {
        if self.revision == self.write.expected && self.write.requests.is_empty() {
            return None;
        }
        let keys = self.current.as_ref().map(|current| current.keys().clone());
        let document = self.current.map(Document::into_text);
        let restarts = self.write.restarts && document.is_some();
        Some(Write { revision: self.revision, document, keys, restarts, ..self.write })
    }

    /// Makes a change, or says why not; then nothing has changed.
    ///
    /// - A request id that was used before, with the same content, gives the answer that it got then.
    /// - An update attaches and removes attributes by the rule of [`crate::update::apply`].
    /// - A creation stores a new session, also in the place of one that was deleted, whose revision it continues.
    ///   One that is there is refused, left alone or replaced, as the creation says.
    /// - An end makes the session inactive. A session is ended once.
    /// - A deletion erases the session and leaves its revision. It has a revision of its own, and its request id is not
    ///   kept.
    ///
    /// What changes nothing leaves the revision as it is. A change that is only to be validated is answered as it
    /// would have been, except for the revision, which stays.
    ///
    /// # Errors
    /// In this order: [`Error::NotFound`], [`Error::RequestIdReused`], [`Error::Exists`], [`Error::NotActive`],
    /// [`Error::RevisionMismatch`], those of [`crate::update::apply`].
    pub fn apply(&mut self, change: &Change) -> Result<Changed, Error> {
        if let Some(earlier) = self.earlier(change) {
            return earlier.answer(&change.digest());
        }
        let effect = self.effect(change)?;
        if change.validate_only {
            let changed = effect.changes();
            let document = match effect {
                Effect::None => self.text(),
                Effect::Document { current, .. } => Some(current.into_text()),
                Effect::Delete => None,
            };
            return Ok(Changed { revision: self.revision, document, changed });
        }
        let changed = effect.changes();
        if changed {
            self.revision = self.revision.next();
        }
        match effect {
            Effect::None => {}
            Effect::Document { name, current, changes } => {
                self.record(change, name, changes, &current);
                self.note_keys(change, &current);
                self.current = Some(current);
            }
            Effect::Delete => self.delete(change),
        }
        let answer = Changed { revision: self.revision, document: self.text(), changed };
        self.remember(change, &answer);
        Ok(answer)
    }

    fn text(&self) -> Option<String> {
        self.current.as_ref().map(|current| current.text().to_owned())
    }

    /// The request that had this change's id, if there was one: of what was stored, or earlier in the batch.
    fn earlier(&self, change: &Change) -> Option<&Recorded> {
        let id = change.request_id.as_ref().filter(|_| self.current.is_some())?;
        self.recorded.iter().chain(&self.write.requests).find(|earlier| earlier.request_id == *id)
    }

    fn record(&mut self, change: &Change, name: Name, mut changes: Vec<AttributeChange>, current: &Document) {
        let keys = mask_changes(&mut changes);
        let document = mask_document(current, &keys).unwrap_or_else(|| current.text().to_owned());
        self.write.events.push(Event {
            conversation_id: current.keys().conversation_id.clone(),
            request_id: change.request_id.clone(),
            changes,
            document: Some(document),
            ..self.event(change, name)
        });
    }

    /// A session that is stored inactive has ended then; one that was inactive before has ended when it had.
    fn note_keys(&mut self, change: &Change, current: &Document) {
        if self.current.as_ref().is_some_and(|before| before.keys() == current.keys()) {
            return;
        }
        self.write.rekeyed = true;
        let had_ended = self.current.as_ref().is_some_and(|before| !before.is_active());
        if current.is_active() {
            self.write.ended = Ended::At(None);
        } else if !had_ended {
            self.write.ended = Ended::At(Some(change.at));
        }
    }

    /// Leaves nothing of what callers sent, be it stored or still to be written.
    fn delete(&mut self, change: &Change) {
        self.current = None;
        self.recorded.clear();
        self.write.requests.clear();
        self.write.erase = true;
        self.write.rekeyed = true;
        self.write.ended = Ended::At(None);
        self.write.events = vec![self.event(change, Name::Deleted)];
    }

    /// An event that says no more than what happened, to which session, when, and in whose
    /// call.
    fn event(&self, change: &Change, name: Name) -> Event {
        Event {
            tenant: self.tenant.clone(),
            session_id: self.id.clone(),
            revision: self.revision,
            name,
            at: change.at,
            conversation_id: None,
            requester: change.requester.clone(),
            request_id: None,
            trace_id: change.trace_id,
            changes: Vec::new(),
            document: None,
        }
    }

    fn remember(&mut self, change: &Change, answer: &Changed) {
        let (Some(request_id), Some(document)) = (&change.request_id, &answer.document) else { return };
        self.write.requests.push(Recorded {
            request_id: request_id.clone(),
            digest: change.digest(),
            revision: answer.revision,
            changed: answer.changed,
            document: document.clone(),
            at: change.at,
        });
    }
}

impl Recorded {
    fn answer(&self, digest: &Digest) -> Result<Changed, Error> {
        if self.digest != *digest {
            return Err(Error::RequestIdReused(self.request_id.clone()));
        }
        Ok(Changed { revision: self.revision, document: Some(self.document.clone()), changed: self.changed })
    }
}

#[cfg(test)]
mod tests;

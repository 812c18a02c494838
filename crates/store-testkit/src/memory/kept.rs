//! What the store in memory keeps, and how a write changes it.

use std::collections::BTreeMap;

use domain::{
    Error,
    batch::{Ended, SessionState, SessionWrite},
    event::{Event, EventWrite, Later, Name, Position, last_needed, rebuild},
    list::Filter,
    request_id::IdempotencyRecord,
    session::{Id, IndexedFields, Revision, Session, TenantId},
    time::Timestamp,
    violation::Violation,
};

#[derive(Default)]
pub(super) struct Kept {
    pub(super) sessions: BTreeMap<Key, Stored>,
    /// What happened, in order, each with its number. An event's position is that number.
    pub(super) events: Vec<(u64, EventWrite)>,
    /// The number of the last event that there ever was.
    pub(super) last: u64,
    /// The highest number of an event that has expired.
    pub(super) expired: u64,
}

pub(super) type Key = (TenantId, Id);

/// A session, or what a deletion leaves of it.
pub(super) struct Stored {
    pub(super) revision: Revision,
    document: Option<String>,
    indexed_fields: Option<IndexedFields>,
    pub(super) ended: Option<Timestamp>,
    pub(super) idempotency_records: Vec<IdempotencyRecord>,
}

impl Kept {
    pub(super) fn state(&self, (tenant, id): &Key) -> Result<SessionState, Error> {
        let (tenant, id) = (tenant.clone(), id.clone());
        let Some(stored) = self.sessions.get(&(tenant.clone(), id.clone())) else {
            return Ok(SessionState::missing(tenant, id));
        };
        let mut state = SessionState::stored(tenant, id, stored.revision, stored.document.clone())?;
        stored.idempotency_records.iter().for_each(|record| state.add_stored_record(record.clone()));
        Ok(state)
    }

    pub(super) fn write(&mut self, key: Key, write: SessionWrite) {
        if write.erase {
            self.events.retain(|(_, EventWrite { event, .. })| {
                (&event.tenant, &event.session_id) != (&key.0, &key.1)
            });
            self.sessions.remove(&key);
        }
        let stored = self.sessions.entry(key).or_insert_with(Stored::missing);
        match write.ended {
            Ended::AsStored => {}
            Ended::At(at) => stored.ended = at,
        }
        (stored.revision, stored.document, stored.indexed_fields) =
            (write.revision, write.document, write.indexed_fields);
        stored.idempotency_records.extend(write.idempotency_records);
        for event in write.events {
            self.last += 1;
            self.events.push((self.last, event));
        }
    }

    /// An event with the document that it came to, rebuilt from the session's and what came after it.
    pub(super) fn whole(&self, event: &Event) -> Result<Event, Error> {
        if event.name == Name::Deleted {
            return Ok(event.clone());
        }
        let later = self.events.iter().map(|(_, write)| write).filter(|write| {
            (&write.event.tenant, &write.event.session_id) == (&event.tenant, &event.session_id)
                && write.event.revision > event.revision
                && write.event.revision <= last_needed(event.revision)
        });
        let later = later.map(|EventWrite { event, before, .. }| {
            let (revision, changes) = (event.revision, event.changes.clone());
            Later { revision, changes, before: before.clone() }
        });
        let stored = self.sessions.get(&(event.tenant.clone(), event.session_id.clone()));
        let session = stored.map_or((Revision::NONE, None), |it| (it.revision, it.document.clone()));
        let document = rebuild(event.revision, session, later)?.ok_or(Error::PositionExpired)?;
        Ok(event.clone().with_document(document))
    }

    /// The number that a position stands for.
    pub(super) fn number(&self, at: &Position) -> Result<u64, Error> {
        let number =
            at.as_str().parse().ok().filter(|number| position(*number) == *at && *number <= self.last);
        number.ok_or_else(|| {
            let description = "must be a position that an event or a reply gave";
            Error::InvalidParameter(Violation::new("position", "position", description))
        })
    }
}

impl Stored {
    fn missing() -> Self {
        Self {
            revision: Revision::NONE,
            document: None,
            indexed_fields: None,
            ended: None,
            idempotency_records: Vec::new(),
        }
    }

    pub(super) fn session(&self, id: &Id) -> Option<Session> {
        Some(Session { id: id.clone(), revision: self.revision, document: self.document.clone()? })
    }

    pub(super) fn meets(&self, filter: &Filter) -> bool {
        let wanted = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
        self.indexed_fields.as_ref().is_some_and(|indexed_fields| {
            wanted(&filter.conversation_id, &indexed_fields.conversation_id)
                && wanted(&filter.customer_id, &indexed_fields.customer_id)
                && wanted(&filter.channel_type, &indexed_fields.channel_type)
                && filter.active.is_none_or(|active| active == indexed_fields.active)
        })
    }
}

pub(super) fn position(number: u64) -> Position {
    Position::new(number.to_string())
}

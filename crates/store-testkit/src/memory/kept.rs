//! What the store in memory keeps, and how a write changes it.

use std::collections::BTreeMap;

use domain::{
    Error,
    event::{Event, Position},
    list::{Filter, Keys},
    request_id::Recorded,
    session::{Id, Revision, Session, TenantId},
    time::Timestamp,
    violation::Violation,
    working::{Ended, Working, Write},
};

#[derive(Default)]
pub(super) struct Kept {
    pub(super) sessions: BTreeMap<Key, Stored>,
    /// What happened, in order, each with its number. An event's position is that number.
    pub(super) events: Vec<(u64, Event)>,
    /// The number of the last event that there ever was.
    pub(super) last: u64,
    /// The highest number of an event that was cleaned up.
    pub(super) expired: u64,
}

pub(super) type Key = (TenantId, Id);

/// A session, or what a deletion leaves of it.
pub(super) struct Stored {
    pub(super) revision: Revision,
    document: Option<String>,
    keys: Option<Keys>,
    pub(super) ended: Option<Timestamp>,
    pub(super) requests: Vec<Recorded>,
}

impl Kept {
    pub(super) fn working(&self, (tenant, id): &Key) -> Result<Working, Error> {
        let (tenant, id) = (tenant.clone(), id.clone());
        let Some(stored) = self.sessions.get(&(tenant.clone(), id.clone())) else {
            return Ok(Working::missing(tenant, id));
        };
        let mut working = Working::stored(tenant, id, stored.revision, stored.document.clone())?;
        stored.requests.iter().for_each(|request| working.recall(request.clone()));
        Ok(working)
    }

    pub(super) fn write(&mut self, key: Key, write: Write) {
        if write.erase {
            self.events.retain(|(_, event)| (&event.tenant, &event.session_id) != (&key.0, &key.1));
            self.sessions.remove(&key);
        }
        let stored = self.sessions.entry(key).or_insert_with(Stored::missing);
        match write.ended {
            Ended::AsStored => {}
            Ended::At(at) => stored.ended = at,
        }
        (stored.revision, stored.document, stored.keys) = (write.revision, write.document, write.keys);
        stored.requests.extend(write.requests);
        for event in write.events {
            self.last += 1;
            self.events.push((self.last, event));
        }
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
        Self { revision: Revision::NONE, document: None, keys: None, ended: None, requests: Vec::new() }
    }

    pub(super) fn session(&self, id: &Id) -> Option<Session> {
        Some(Session { id: id.clone(), revision: self.revision, document: self.document.clone()? })
    }

    pub(super) fn meets(&self, filter: &Filter) -> bool {
        let wanted = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
        self.keys.as_ref().is_some_and(|keys| {
            wanted(&filter.conversation_id, &keys.conversation_id)
                && wanted(&filter.customer_id, &keys.customer_id)
                && wanted(&filter.channel_type, &keys.channel_type)
                && filter.active.is_none_or(|active| active == keys.active)
        })
    }
}

pub(super) fn position(number: u64) -> Position {
    Position::new(number.to_string())
}

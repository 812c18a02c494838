//! Events that several watchers read from the store by themselves: each is in memory once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use domain::{
    event::Event,
    session::{Id, Revision, TenantId},
};

use crate::SharedEvent;

/// Which event it is: a session's revision never runs twice.
type Key = (TenantId, Id, Revision);

/// The events that somebody holds. Clones are the same ones.
#[derive(Clone, Default)]
pub(crate) struct SharedEvents(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    events: HashMap<Key, Weak<SharedEvent>>,
    /// How many there may be before those that nobody holds any longer are let go of.
    limit: usize,
}

impl SharedEvents {
    /// The event as somebody else holds it already, or this one from now on.
    pub(crate) fn of(&self, event: Event) -> Arc<SharedEvent> {
        let key = (event.tenant.clone(), event.session_id.clone(), event.revision);
        // Nothing panics while it holds the lock; if it did, the map would still be whole.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = known.events.get(&key).and_then(Weak::upgrade) {
            return held;
        }
        if known.events.len() >= known.limit {
            known.events.retain(|_, event| event.strong_count() > 0);
            known.limit = 2 * known.events.len() + 64;
        }
        let event = Arc::new(SharedEvent::from(event));
        known.events.insert(key, Arc::downgrade(&event));
        event
    }
}

//! An event that many watchers get.

use std::{ops::Deref, sync::OnceLock};

use domain::event::Event;

/// An event, and its JSON once somebody has asked for it: it is written once, however many get it.
#[derive(Debug)]
pub struct SharedEvent {
    event: Event,
    json: OnceLock<String>,
}

impl SharedEvent {
    /// The event as its consumers know it: see [`Event::to_json`].
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| self.event.to_json())
    }
}

impl SharedEvent {
    /// What it takes in memory at the most, in bytes, generously: the document, which is in the JSON twice, and changed
    /// values, which are, most of them, in the document too.
    pub(crate) fn size(&self) -> usize {
        let keys: usize = self.event.changes.iter().map(|change| change.key.len()).sum();
        let document = self.event.document.as_ref().map_or(0, String::len);
        OVERHEAD_BYTES + DOCUMENT_COPIES * document + keys
    }
}

/// What an event takes beside its texts, in bytes, generously.
const OVERHEAD_BYTES: usize = 1024;

/// How often the document, or what is in it, is there.
const DOCUMENT_COPIES: usize = 4;

impl From<Event> for SharedEvent {
    fn from(event: Event) -> Self {
        Self { event, json: OnceLock::new() }
    }
}

impl Deref for SharedEvent {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

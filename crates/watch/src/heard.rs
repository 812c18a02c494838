//! An event that many are told of.

use std::{ops::Deref, sync::OnceLock};

use domain::event::Event;

/// An event, and its JSON once somebody has asked for it: it is written once, however many are told of it.
#[derive(Debug)]
pub struct Heard {
    event: Event,
    json: OnceLock<String>,
}

impl Heard {
    /// The event as its consumers know it: see [`Event::to_json`].
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| self.event.to_json())
    }
}

impl From<Event> for Heard {
    fn from(event: Event) -> Self {
        Self { event, json: OnceLock::new() }
    }
}

impl Deref for Heard {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

//! How a session's past is read: page by page, each of them found by looking at a bounded number of events.

use crate::{event::Event, session::Revision};

/// The most events that are looked at for a page of one key's past. No index has the keys, so this, and not how much is kept,
/// bounds what a page takes. Too few, and a key that changed long ago takes many pages; too many, and one of them keeps a
/// connection for long.
pub const MAX_SCANNED: usize = 1024;

/// The same in bytes of what changed, since one event may hold megabytes. The event in which this is reached is looked
/// at as a whole.
pub const MAX_SCANNED_BYTES: usize = 1024 * 1024;

/// Some events of a session's past, newest first, without their documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The events.
    pub events: Vec<Event>,
    /// Where the next page starts: with what is before this revision. None after the last page.
    pub next: Option<Revision>,
}

impl Page {
    /// The page of up to `limit` events, given these in order: all that were wanted among those that were looked at, or one
    /// more than there is room for, which says that the page is not the last. `end` is the revision before which was not
    /// looked, where events are kept there.
    #[must_use]
    pub fn of(mut events: Vec<Event>, limit: usize, end: Option<Revision>) -> Self {
        match events.get(limit).map(|event| event.revision.next()) {
            Some(next) => {
                events.truncate(limit);
                Self { events, next: Some(next) }
            }
            None => Self { events, next: end },
        }
    }
}

#[cfg(test)]
mod tests;

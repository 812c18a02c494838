//! The newest events, numbered as they were read, within a bound on memory.

use std::{collections::VecDeque, sync::Arc};

use domain::event::Position;

use crate::SharedEvent;

/// What all kept events take together, in bytes. Too little, and watchers that are a little slow read the database each by
/// itself.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Keeps the newest events.
#[derive(Default)]
pub(crate) struct EventBuffer {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The number that the next event has.
    end: u64,
}

/// A kept event, and the position behind it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) event: Arc<SharedEvent>,
    pub(crate) position: Position,
}

impl EventBuffer {
    /// Keeps an event, lets go of the oldest ones beyond the bound, and returns its number.
    pub(crate) fn push(&mut self, entry: Entry) -> u64 {
        self.bytes += size(&entry);
        self.entries.push_back(entry);
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= size(&oldest);
        }
        self.end += 1;
        self.end - 1
    }

    /// The event with a number, if it is still kept.
    pub(crate) fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.start())?).ok()?)
    }

    /// The number that the next event has.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The events from a number on, with their numbers; `None` if not all of them are kept any more.
    pub(crate) fn from(&self, number: u64) -> Option<impl Iterator<Item = (u64, &Entry)>> {
        let skipped = usize::try_from(number.checked_sub(self.start())?).ok()?;
        Some((number..).zip(self.entries.iter().skip(skipped)))
    }

    /// Lets go of all events. Their numbers are not used again, and neither is that of the next one: what comes next need not
    /// follow upon them, and nobody who waits for it may take it for all there is.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
        self.end += 1;
    }

    fn start(&self) -> u64 {
        self.end - self.entries.len() as u64
    }
}

fn size(Entry { event, position }: &Entry) -> usize {
    event.size() + position.as_str().len()
}

//! The newest events, numbered as they were read, within a bound on memory.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::event::Position;

use crate::SharedEvent;

/// What all kept events take together, those of all tenants, in bytes. Too little, and watchers that are a little slow read
/// the database each by itself.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What the buffers of all tenants take together, in bytes. Clones are the same.
pub(crate) type Kept = Arc<AtomicUsize>;

/// Keeps the newest events.
#[derive(Default)]
pub(crate) struct EventBuffer {
    entries: VecDeque<Entry>,
    /// Of it, what this buffer takes.
    bytes: usize,
    kept: Kept,
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
    /// An empty one.
    pub(crate) fn new(kept: Kept) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, kept, end: 0 }
    }

    /// Keeps an event, lets go of the oldest ones beyond the bound, and returns its number.
    pub(crate) fn push(&mut self, entry: Entry) -> u64 {
        self.count(size(&entry));
        self.entries.push_back(entry);
        // Where others take all of it, not even the newest one is kept: watchers read the store then.
        while self.kept.load(Ordering::Relaxed) > MAX_BYTES
            && let Some(oldest) = self.entries.pop_front()
        {
            self.discount(size(&oldest));
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
        self.discount(self.bytes);
        self.end += 1;
    }

    fn start(&self) -> u64 {
        self.end - self.entries.len() as u64
    }

    fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.kept.fetch_add(bytes, Ordering::Relaxed);
    }

    fn discount(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.kept.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for EventBuffer {
    fn drop(&mut self) {
        self.discount(self.bytes);
    }
}

fn size(Entry { event, position }: &Entry) -> usize {
    event.size() + position.as_str().len()
}

#[cfg(test)]
mod tests {
    use domain::session::{Id, Revision, TenantId};

    use super::*;

    fn entry() -> Entry {
        let event = domain::event::Event {
            tenant: TenantId::only(),
            session_id: Id::parse("x").expect("an id"),
            revision: Revision::FIRST,
            name: domain::event::Name::Started,
            at: domain::time::Timestamp::default(),
            conversation_id: None,
            requester: domain::caller::Requester::anonymous(),
            request_id: None,
            trace_id: None,
            changes: Vec::new(),
            document: Some("x".repeat(1 << 20)),
        };
        Entry { event: Arc::new(event.into()), position: Position::new("p") }
    }

    #[test]
    fn the_buffers_of_all_tenants_take_so_much_together_and_give_it_back() {
        let kept = Kept::default();
        let mut buffers: Vec<_> = (0..4).map(|_| EventBuffer::new(kept.clone())).collect();
        for _ in 0..40 {
            for buffer in &mut buffers {
                buffer.push(entry());
                assert!(kept.load(Ordering::Relaxed) <= MAX_BYTES);
            }
        }
        assert!(kept.load(Ordering::Relaxed) > MAX_BYTES / 2);
        assert!(buffers.iter().all(|buffer| buffer.end() == 40));
        buffers[0].clear();
        drop(buffers);
        assert_eq!(kept.load(Ordering::Relaxed), 0);
    }
}

//! The sessions that were written last, as they were written: what spares their next update a round trip.

mod staleness;

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hashlink::{LinkedHashMap, linked_hash_map::RawEntryMut};

use super::Key;
use crate::session::{Document, Id, Revision, TenantId};
use staleness::Staleness;

/// Sessions as a store has written them, within a number of bytes: those that were written longest ago go first. One
/// belongs to one store; clones are the same one.
///
/// It is no truth, for others write the same sessions. A command may be decided on it only where a write comes of it that
/// takes effect at no other revision; everything else is decided on what is stored. So nothing depends on what is in it.
///
/// A session is taken out to be written, and comes back once that is done. Whatever happens in between, a lost race, an
/// error, a deletion or a caller that is gone, leaves nothing behind.
#[derive(Clone)]
pub struct SessionCache(Arc<Mutex<Sessions>>);

struct Sessions {
    by_key: LinkedHashMap<(TenantId, Id), Cached, RandomState>,
    /// What they take together.
    bytes: usize,
    max_bytes: usize,
    generation: Generation,
    staleness: Staleness,
    /// How many sessions it was asked for since that was reported: those that it knew, and those that it did not.
    lookups: (usize, usize),
}

/// How often a cache was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Generation(u64);

/// A session as it was written.
pub(super) struct Cached {
    pub(super) revision: Revision,
    pub(super) document: Document,
}

impl SessionCache {
    /// How many bytes a store's cache takes where nothing else is asked for: some thousand sessions.
    pub const DEFAULT_BYTES: usize = 32 * 1024 * 1024;

    /// A cache of so many bytes, which are those of documents and of what is kept beside them; with none of them, nothing
    /// is kept.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        let by_key = LinkedHashMap::with_hasher(RandomState::new());
        let (generation, staleness, lookups) = Default::default();
        let sessions = Sessions { by_key, bytes: 0, max_bytes, generation, staleness, lookups };
        Self(Arc::new(Mutex::new(sessions)))
    }

    /// Forgets everything, also what is written by rounds that have begun. For a store that is connected again: it may
    /// have come to another server, which knows nothing of the last revisions and gives them to other writes.
    pub fn clear(&self) {
        let mut sessions = self.lock();
        sessions.generation.0 += 1;
        sessions.by_key.clear();
        sessions.bytes = 0;
    }

    pub(super) fn generation(&self) -> Generation {
        self.lock().generation
    }

    /// Takes out what there is of these sessions, in order.
    pub(super) fn take<'a>(&self, keys: impl Iterator<Item = Key<'a>>) -> Vec<Option<Cached>> {
        let mut sessions = self.lock();
        let taken: Vec<_> = keys.map(|key| sessions.take(key)).collect();
        let known = taken.iter().flatten().count();
        sessions.lookups.0 += known;
        sessions.lookups.1 += taken.len() - known;
        taken
    }

    /// How many sessions it was asked for since this was asked last: those that it knew, and those that it did not.
    #[must_use]
    pub fn take_lookups(&self) -> (usize, usize) {
        std::mem::take(&mut self.lock().lookups)
    }

    /// Keeps a session as it has just been written or read by a round of this generation.
    pub(super) fn put(&self, round: Generation, tenant: TenantId, id: Id, session: Cached) {
        let mut sessions = self.lock();
        if sessions.generation == round {
            sessions.put((tenant, id), session);
        }
    }

    /// Says of a session that was taken whether it was found otherwise.
    pub(super) fn note(&self, is_stale: bool) {
        self.lock().staleness.note(is_stale);
    }

    /// Whether so many sessions should be assumed to be as they were taken, in a round that reads others or none.
    pub(super) fn allows(&self, sessions: usize, reads_others: bool) -> bool {
        self.lock().staleness.allows(sessions, reads_others)
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionCache {
    /// Nothing of what sessions hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.lock();
        let (count, bytes) = (sessions.by_key.len(), sessions.bytes);
        f.debug_struct("SessionCache")
            .field("sessions", &count)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

impl Sessions {
    fn take(&mut self, (tenant, id): Key<'_>) -> Option<Cached> {
        let hash = self.by_key.hasher().hash_one((tenant, id));
        let is_wanted = |key: &(TenantId, Id)| key.0 == *tenant && key.1 == *id;
        let RawEntryMut::Occupied(entry) = self.by_key.raw_entry_mut().from_hash(hash, is_wanted) else {
            return None;
        };
        let (key, session) = entry.remove_entry();
        self.bytes -= bytes(&key, &session);
        Some(session)
    }

    fn put(&mut self, key: (TenantId, Id), session: Cached) {
        self.take((&key.0, &key.1));
        let added = bytes(&key, &session);
        if added > self.max_bytes {
            return;
        }
        while self.bytes + added > self.max_bytes
            && let Some((key, session)) = self.by_key.pop_front()
        {
            self.bytes -= bytes(&key, &session);
        }
        self.bytes += added;
        self.by_key.insert(key, session);
    }
}

/// What the map takes for an entry beside the entry itself: its place in the table and in the order, and what allocators add.
const ENTRY_OVERHEAD: usize = 128;

fn bytes(key: &(TenantId, Id), session: &Cached) -> usize {
    let texts = key.0.as_str().len() + key.1.as_str().len() + session.document.heap_bytes();
    ENTRY_OVERHEAD + size_of::<((TenantId, Id), Cached)>() + texts
}

#[cfg(test)]
mod tests;

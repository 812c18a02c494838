//! Room for documents on their way from the store, before it is known how large they are.
//!
//! Calls are made many at a time, and a session may take two megabytes: hundreds of them at once would be a gigabyte before
//! anything could be refused, and what a change comes to is not refused at all. So each call waits for as much room as its
//! sessions took when they were last seen. One that was not seen is taken to be as large as the largest that was lately.
//! Where all are small, as they mostly are, none waits.
//!
//! Tenants take turns. Reads, changes, and calls for sessions that were not seen wait in lines of their own: many changes of
//! large sessions keep nobody waiting who reads, or who asks for a small session for the first time.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use budget::{Memory, Share};
use domain::session::{Id, TenantId};

/// Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Documents {
    read: Memory,
    changed: Memory,
    unseen: Memory,
    seen: Arc<Seen>,
}

#[derive(Debug)]
struct Seen {
    since: Instant,
    period: AtomicUsize,
    /// The largest sizes of this period and of the one before it.
    largest: AtomicUsize,
    largest_before: AtomicUsize,
    /// One session's size each: half of its hash, and how many KiB. The other half says where it stands.
    sizes: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// What documents of each kind that are on their way may come to together, in bytes; each is there several times: as the store
/// returns it, as a message, encoded, and, where it goes out over REST, decoded again. Changes may wait for a locked session, and
/// keep their room meanwhile: too little, and others wait for them.
const MAX_READ_BYTES: usize = 16 << 20;
const MAX_CHANGED_BYTES: usize = 16 << 20;
const MAX_UNSEEN_BYTES: usize = 8 << 20;

/// The same of those that are read, for each turn of long work that there is: as much as one document may be. Each takes a
/// processor of the database, or of the store, for milliseconds before it takes one here. Too little, and processors wait for
/// the next one; too much, and small sessions wait for processors.
const READ_BYTES_FOR_EACH_TURN: usize = 2 << 20;

/// For how long the largest size is remembered at least. Too short, and large sessions that are read now and then are met
/// unprepared; too long, and one of them slows the calls for sessions that were not seen for so long.
const PERIOD: Duration = Duration::from_secs(30);

/// How many sessions' sizes are remembered. Too few, and those of small ones are forgotten, which then wait as large ones
/// do; each takes eight bytes.
const SESSIONS: usize = 1 << 16;

const KIB: usize = 1024;

impl Documents {
    /// Where so much long work is done at once.
    pub(crate) fn new(turns: usize) -> Self {
        let read = READ_BYTES_FOR_EACH_TURN.saturating_mul(turns).min(MAX_READ_BYTES);
        let seen = Seen {
            since: Instant::now(),
            period: AtomicUsize::new(0),
            largest: AtomicUsize::new(0),
            largest_before: AtomicUsize::new(0),
            sizes: std::iter::repeat_with(AtomicU64::default).take(SESSIONS).collect(),
            hasher: RandomState::new(),
        };
        Self {
            read: Memory::new(read),
            changed: Memory::new(MAX_CHANGED_BYTES),
            unseen: Memory::new(MAX_UNSEEN_BYTES),
            seen: Arc::new(seen),
        }
    }

    /// Waits until there is room for a session that is read.
    pub(crate) async fn room_to_read(&self, tenant: &TenantId, id: &Id) -> Share {
        self.room_for(tenant, id, &self.read).await
    }

    /// The same for one that is changed.
    pub(crate) async fn room_to_change(&self, tenant: &TenantId, id: &Id) -> Share {
        self.room_for(tenant, id, &self.changed).await
    }

    /// The same for changes that come to so many bytes.
    pub(crate) async fn room_for_changes(&self, tenant: &TenantId, bytes: usize) -> Share {
        self.changed.wait_in_line(tenant.as_str(), bytes).await
    }

    async fn room_for(&self, tenant: &TenantId, id: &Id, memory: &Memory) -> Share {
        match self.known(id.as_str()) {
            Some(bytes) => memory.wait_in_line(tenant.as_str(), bytes).await,
            None => self.unseen.wait_in_line(tenant.as_str(), self.largest()).await,
        }
    }

    /// How large a session may turn out to be, in bytes, by what was seen.
    pub(crate) fn expected(&self, id: &str) -> usize {
        self.known(id).unwrap_or_else(|| self.largest())
    }

    /// How large it was when it was last seen.
    fn known(&self, id: &str) -> Option<usize> {
        let (slot, tag) = self.seen.slot(id);
        let known = slot.load(Ordering::Relaxed);
        (known & !SIZE == tag).then(|| usize::try_from(known & SIZE).unwrap_or(0) * KIB)
    }

    /// The largest size that was seen lately, in bytes; zero while all are small.
    pub(crate) fn largest(&self) -> usize {
        let largest = self.seen.largest.load(Ordering::Relaxed);
        largest.max(self.seen.largest_before.load(Ordering::Relaxed))
    }

    /// Takes note of a session's size.
    pub(crate) fn saw(&self, id: &str, bytes: usize) {
        let seen = &self.seen;
        let (slot, tag) = seen.slot(id);
        slot.store(tag | u64::try_from(bytes.div_ceil(KIB)).unwrap_or(SIZE).min(SIZE), Ordering::Relaxed);
        if bytes <= budget::FREE_BYTES && self.largest() == 0 {
            return;
        }
        let period = usize::try_from(seen.since.elapsed().as_secs() / PERIOD.as_secs()).unwrap_or(usize::MAX);
        let known = seen.period.swap(period, Ordering::Relaxed);
        if known != period {
            let largest = seen.largest.swap(0, Ordering::Relaxed);
            seen.largest_before.store(if known + 1 == period { largest } else { 0 }, Ordering::Relaxed);
        }
        seen.largest.fetch_max(bytes, Ordering::Relaxed);
    }
}

/// The part of a slot that holds the size. What is left says whose it is, and is never zero.
const SIZE: u64 = u32::MAX as u64;
const SOMEBODY: u64 = 1 << 63;

impl Seen {
    fn slot(&self, id: &str) -> (&AtomicU64, u64) {
        let hash = self.hasher.hash_one(id);
        let at = usize::try_from(hash % SESSIONS as u64).unwrap_or(0);
        (&self.sizes[at], (hash & !SIZE) | SOMEBODY)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn small_ones_never_wait_and_large_ones_do() {
        let (documents, tenant) = (Documents::new(4), TenantId::only());
        let id = |id: &str| Id::parse(id).expect("an id");
        let mut rooms = Vec::new();
        for number in 0..10_000 {
            documents.saw(&format!("small-{number}"), 2000);
            let room = documents.room_to_change(&tenant, &id("a small one")).now_or_never();
            rooms.push(room.expect("small ones need none"));
        }
        documents.saw("large", 2 << 20);
        documents.saw("small", 2000);
        assert_eq!(documents.largest(), 2 << 20);
        for id in ["large", "never seen"] {
            assert_eq!(documents.expected(id), 2 << 20);
        }
        for _ in 0..8 {
            rooms
                .push(documents.room_to_change(&tenant, &id("large")).now_or_never().expect("there is room"));
        }
        let large = id("large");
        let mut waiting = Box::pin(documents.room_to_change(&tenant, &large));
        assert!(poll!(&mut waiting).is_pending());
        // Whoever is known to be small, is new or reads goes on.
        assert!(documents.room_to_change(&tenant, &id("small")).now_or_never().is_some());
        assert!(documents.room_to_change(&tenant, &id("never seen")).now_or_never().is_some());
        assert!(documents.room_to_read(&tenant, &large).now_or_never().is_some());
        rooms.pop();
        waiting.await;
    }
}

//! Room for what the store is asked for before it is known how large that is.
//!
//! Reads are answered many at a time, and a session may take two megabytes: hundreds of them at once would be a gigabyte
//! before anything could be refused. So each read waits for as much room as the largest session takes that was seen lately.
//! Where all are small, as they mostly are, none waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use budget::{Memory, Share};

/// Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Reads {
    memory: Memory,
    seen: Arc<Seen>,
}

/// The largest sizes of this period and of the one before it.
#[derive(Debug)]
struct Seen {
    since: Instant,
    period: AtomicUsize,
    largest: AtomicUsize,
    largest_before: AtomicUsize,
}

/// What reads that are under way may come to together, in bytes; each is there several times on its way.
const MAX_BYTES: usize = 16 << 20;

/// For how long a size is remembered at least. Too short, and large sessions that are read now and then are met
/// unprepared; too long, and one of them slows the reads of all others for so long.
const PERIOD: Duration = Duration::from_secs(30);

impl Default for Reads {
    fn default() -> Self {
        let seen = Seen {
            since: Instant::now(),
            period: AtomicUsize::new(0),
            largest: AtomicUsize::new(0),
            largest_before: AtomicUsize::new(0),
        };
        Self { memory: Memory::new(MAX_BYTES), seen: Arc::new(seen) }
    }
}

impl Reads {
    /// Waits until there is room for one more.
    pub(crate) async fn room(&self) -> Share {
        self.memory.wait(self.expected()).await
    }

    /// How large a session may turn out to be, in bytes, by what was seen.
    pub(crate) fn expected(&self) -> usize {
        let largest = self.seen.largest.load(Ordering::Relaxed);
        largest.max(self.seen.largest_before.load(Ordering::Relaxed))
    }

    /// Takes note of a session's size. Small ones, of which there are many, cost nothing.
    pub(crate) fn saw(&self, bytes: usize) {
        let seen = &self.seen;
        if bytes <= budget::FREE_BYTES && self.expected() == 0 {
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

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn small_ones_never_wait_and_large_ones_do() {
        let reads = Reads::default();
        let mut rooms = Vec::new();
        for _ in 0..10_000 {
            reads.saw(2000);
            rooms.push(reads.room().now_or_never().expect("small ones need none"));
        }
        reads.saw(2 << 20);
        reads.saw(2000);
        assert_eq!(reads.expected(), 2 << 20);
        for _ in 0..8 {
            rooms.push(reads.room().now_or_never().expect("there is room"));
        }
        let mut waiting = Box::pin(reads.room());
        assert!(poll!(&mut waiting).is_pending());
        rooms.pop();
        waiting.await;
    }
}

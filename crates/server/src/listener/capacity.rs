//! How many connections there are at a time, and which of them ends for a new one.
//!
//! Each takes a file handle and some memory, and the database needs handles too. When there are as many as there may be,
//! the one that has been idle for longest is asked to end, as a server may end an idle one at any time. One that is asked
//! while it still sends an answer sends it to the end.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// How long a connection that was asked to end has for it before another one is asked too.
const END_LIMIT: Duration = Duration::from_millis(50);

/// Room for connections. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Capacity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    permits: Arc<Semaphore>,
    begun: Instant,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Open>>>,
}

/// A connection as others know it.
#[derive(Debug)]
struct Open {
    /// All calls.
    begun: AtomicUsize,
    /// Those that keep it, and whose answers have not come to their ends, watches and event streams among them.
    calls: AtomicUsize,
    /// When its last call ended, or else it itself began, in milliseconds.
    used: AtomicU64,
    is_asked: AtomicBool,
    end: Notify,
}

/// A connection's room, given back when dropped.
#[derive(Debug)]
pub(super) struct Room {
    number: u64,
    open: Arc<Open>,
    capacity: Capacity,
    _permit: OwnedSemaphorePermit,
}

/// A call on a connection, from its request's head to the end of its answer's body.
#[derive(Debug)]
pub(super) struct Busy {
    open: Arc<Open>,
    capacity: Capacity,
    keeps: bool,
}

impl Capacity {
    /// Room for so many.
    pub(crate) fn new(connections: usize) -> Self {
        Self(Arc::new(Shared {
            max: connections,
            permits: Arc::new(Semaphore::new(connections)),
            begun: Instant::now(),
            next: AtomicU64::new(0),
            open: Mutex::default(),
        }))
    }

    /// For how many there is room.
    pub(crate) fn max(&self) -> usize {
        self.0.max
    }

    /// For how many more there is room.
    pub(crate) fn free(&self) -> usize {
        self.0.permits.available_permits()
    }

    /// Waits for room, which idle connections have to make where there is none.
    pub(super) async fn room(&self) -> Room {
        loop {
            if self.0.permits.available_permits() == 0 {
                self.ask_one();
            }
            // Those that were busy may be idle by then. Nobody closes the semaphore.
            if let Ok(Ok(permit)) = timeout(END_LIMIT, self.0.permits.clone().acquire_owned()).await {
                let number = self.0.next.fetch_add(1, Ordering::Relaxed);
                let open = Arc::new(Open {
                    begun: AtomicUsize::new(0),
                    calls: AtomicUsize::new(0),
                    used: AtomicU64::new(self.now()),
                    is_asked: AtomicBool::new(false),
                    end: Notify::new(),
                });
                self.lock().insert(number, open.clone());
                return Room { number, open, capacity: self.clone(), _permit: permit };
            }
        }
    }

    /// Asks the connection that has been idle for longest to end, if there is one.
    fn ask_one(&self) {
        let open = self.lock();
        let idle = open.values().filter(|it| !it.is_asked.load(Ordering::Relaxed) && it.is_idle());
        if let Some(oldest) = idle.min_by_key(|it| it.used.load(Ordering::Relaxed)) {
            oldest.is_asked.store(true, Ordering::Relaxed);
            oldest.end.notify_one();
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Open>>> {
        // Nothing panics while it holds the lock; if it did, the map would still be whole.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn is_idle(&self) -> bool {
        self.calls.load(Ordering::Relaxed) == 0
    }
}

impl Room {
    /// Counts a call until what is returned is dropped. One that does not keep its connection leaves it as idle as it was.
    pub(super) fn busy(&self, keeps: bool) -> Busy {
        self.open.begun.fetch_add(1, Ordering::Relaxed);
        self.open.calls.fetch_add(usize::from(keeps), Ordering::Relaxed);
        Busy { open: self.open.clone(), capacity: self.capacity.clone(), keeps }
    }

    /// How many calls there have been.
    pub(super) fn calls(&self) -> usize {
        self.open.begun.load(Ordering::Relaxed)
    }

    /// Whether there is no call.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_idle()
    }

    /// Waits until the connection is to end for another one.
    pub(super) async fn is_wanted(&self) {
        self.open.end.notified().await;
    }

    /// Whether it was asked to.
    pub(super) fn is_asked(&self) -> bool {
        self.open.is_asked.load(Ordering::Relaxed)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.open.used.store(self.capacity.now(), Ordering::Relaxed);
        self.open.calls.fetch_sub(usize::from(self.keeps), Ordering::Relaxed);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.capacity.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_that_was_busy_makes_room_once_it_is_idle() {
        let capacity = Capacity::new(1);
        let only = capacity.room().await;
        let call = only.busy(true);
        let waiting = capacity.clone();
        let new = tokio::spawn(async move { waiting.room().await });
        // It has looked, and found nobody idle.
        assert!(timeout(2 * END_LIMIT, only.is_wanted()).await.is_err());
        drop(call);
        only.is_wanted().await;
        drop(only);
        new.await.expect("there is room");
    }

    #[tokio::test]
    async fn the_one_that_was_idle_for_longest_ends_for_a_new_one() {
        let capacity = Capacity::new(3);
        let (busy, first, second) = (capacity.room().await, capacity.room().await, capacity.room().await);
        let _call = busy.busy(true);
        let call = first.busy(true);
        std::thread::sleep(Duration::from_millis(2));
        drop(call);
        let new = tokio::spawn(async move { capacity.room().await });
        second.is_wanted().await;
        drop(second);
        new.await.expect("there is room");
        assert!(timeout(Duration::ZERO, first.is_wanted()).await.is_err());
    }
}

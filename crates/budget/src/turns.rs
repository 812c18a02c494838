//! Turns that tenants wait for.
//!
//! A tenant's callers wait in a queue of the tenant's own, and only the first of them waits in the queue for all. So
//! each tenant has one in that queue at most, however many callers it has, and tenants take turns. Who waits for nobody
//! meets neither queue.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many at once; the others wait, and tenants take turns. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Turns {
    turns: Arc<Semaphore>,
    queues: Queues,
}

impl Turns {
    /// So many turns at once.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(max)), queues: Queues::default() }
    }

    /// How many turns nobody has.
    #[must_use]
    pub fn free(&self) -> usize {
        self.turns.available_permits()
    }

    /// Waits for a turn, which ends when it is dropped. Whoever stops waiting leaves the queue.
    pub async fn take(&self, tenant: &str) -> Option<OwnedSemaphorePermit> {
        self.queues.acquire(&self.turns, tenant, 1).await
    }
}

/// The queues of tenants before a semaphore, as long as anybody waits in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queues(Arc<Mutex<HashMap<Arc<str>, Arc<Semaphore>>>>);

impl Queues {
    /// Waits for so many permits. None only where somebody closes the semaphore, which nobody does.
    pub(crate) async fn acquire(
        &self,
        all: &Arc<Semaphore>,
        tenant: &str,
        count: u32,
    ) -> Option<OwnedSemaphorePermit> {
        // Not before those who wait in a queue.
        if self.lock().is_empty()
            && let Ok(permit) = all.clone().try_acquire_many_owned(count)
        {
            return Some(permit);
        }
        let waiting = self.waiting(tenant);
        let _first = waiting.queue.acquire().await.ok()?;
        all.clone().acquire_many_owned(count).await.ok()
    }

    fn waiting(&self, tenant: &str) -> Waiting {
        let mut queues = self.lock();
        let known = queues.get_key_value(tenant).map(|(name, queue)| (name.clone(), queue.clone()));
        let (tenant, queue) = known.unwrap_or_else(|| (tenant.into(), Arc::new(Semaphore::new(1))));
        queues.entry(tenant.clone()).or_insert_with(|| queue.clone());
        Waiting { queues: self.clone(), tenant, queue }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Semaphore>>> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits in a tenant's queue.
struct Waiting {
    queues: Queues,
    tenant: Arc<str>,
    queue: Arc<Semaphore>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut queues = self.queues.lock();
        // This one and the table's own.
        if Arc::strong_count(&self.queue) <= 2 {
            queues.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join_all};

    use super::*;

    #[tokio::test]
    async fn tenants_take_turns_however_many_wait_and_who_leaves_is_forgotten() {
        let turns = Turns::new(1);
        let held = turns.take("flood").now_or_never().expect("a turn");
        let order = Arc::new(Mutex::new(Vec::new()));
        let wait = |tenant: &'static str| {
            let (turns, order) = (turns.clone(), order.clone());
            tokio::spawn(async move {
                let turn = turns.take(tenant).await;
                order.lock().expect("no poison").push(tenant);
                tokio::task::yield_now().await;
                drop(turn);
            })
        };
        let flood: Vec<_> = (0..100).map(|_| wait("flood")).collect();
        tokio::task::yield_now().await;
        let others = ["a", "b", "a"].map(wait);
        tokio::task::yield_now().await;
        drop(held);
        join_all(others).await;
        assert_eq!(order.lock().expect("no poison")[..5], ["flood", "a", "b", "flood", "a"]);
        for waiting in &flood[10..] {
            waiting.abort();
        }
        join_all(flood).await;
        assert!(turns.queues.lock().is_empty());
        assert!(turns.take("anybody").now_or_never().is_some());
    }
}

//! A budget of memory, and shares of it that grow.

mod tenants;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::turns::Queues;
use tenants::{Tenant, Tenants};

/// Memory that many share. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Memory {
    /// One permit for each KiB.
    free: Arc<Semaphore>,
    total: usize,
    /// How many wait for a share.
    waiting: Arc<AtomicUsize>,
    /// What tenants hold, and where they wait.
    tenants: Tenants,
    queues: Queues,
}

/// One holder's part of it, given back when dropped.
#[derive(Debug)]
pub struct Share {
    memory: Memory,
    permit: Option<OwnedSemaphorePermit>,
    /// Whose it is, where tenants share the memory.
    tenant: Option<Tenant>,
}

/// There is not so much left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

/// What each holder has without asking, in bytes: so small requests and answers are served also while large ones have all
/// the memory. How many there are is bounded elsewhere.
pub const FREE_BYTES: usize = 16 * 1024;

const UNIT: usize = 1024;

/// How often whoever waits for a share tries to get it.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

impl Memory {
    /// So many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let total = (bytes / UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(total)),
            total,
            waiting: Arc::default(),
            tenants: Tenants::default(),
            queues: Queues::default(),
        }
    }

    /// Whether somebody waits for a share.
    pub(crate) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// How many bytes there are.
    #[must_use]
    pub fn max(&self) -> usize {
        self.total * UNIT
    }

    /// How many bytes are left.
    #[must_use]
    pub fn available(&self) -> usize {
        self.free.available_permits() * UNIT
    }

    /// So many bytes, or all there are if that is less: what is larger by itself has room where it comes alone.
    #[must_use]
    pub fn at_most(&self, bytes: usize) -> usize {
        bytes.min(FREE_BYTES + self.total * UNIT)
    }

    /// Waits for a share of so many bytes; of all the memory, if that is less.
    pub async fn wait(&self, bytes: usize) -> Share {
        let mut share = self.share();
        share.wait_to_grow(bytes).await;
        share
    }

    /// The same in a queue, behind those who came before: nobody waits for ever because others who want less go first,
    /// and [tenants take turns](crate::Turns). Only for those who are polled until they have it, and who then keep
    /// nobody waiting for peers.
    pub async fn wait_in_line(&self, tenant: &str, bytes: usize) -> Share {
        let mut share = self.share();
        if let Ok(more @ 1..) = u32::try_from(needed(self.at_most(bytes))) {
            share.permit = self.queues.acquire(&self.free, tenant, more).await;
        }
        share
    }

    /// A share that takes nothing yet.
    #[must_use]
    pub fn share(&self) -> Share {
        Share { memory: self.clone(), permit: None, tenant: None }
    }

    /// The same for a tenant, of whose shares together no more is given than [the rule](crate::is_fair) allows; one alone may
    /// take all there is. Without a name it is nobody's.
    #[must_use]
    pub fn share_of(&self, tenant: Option<&str>) -> Share {
        Share { tenant: tenant.map(|name| self.tenants.named(name)), ..self.share() }
    }
}

/// One of those who wait, until it is dropped.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Share {
    /// Whether it takes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.permit.is_none()
    }

    /// Another share of the same memory, which takes nothing yet.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self { tenant: self.tenant.as_ref().map(Tenant::renewed), ..self.memory.share() }
    }

    /// The share without what it has beyond that which `bytes` take.
    pub(crate) fn shrunk(mut self, bytes: usize) -> Self {
        if let Some(permit) = &mut self.permit {
            let surplus = permit.num_permits().saturating_sub(needed(bytes));
            drop(permit.split(surplus));
            if let Some(tenant) = &mut self.tenant {
                tenant.give_back(surplus);
            }
        }
        self
    }

    /// Waits until the share can be enlarged to what `bytes` take, or to all the memory, if that is less.
    ///
    /// Tries again and again, and does not wait in the semaphore's queue: that hands memory to whoever is next, also to
    /// a future that nobody polls any longer, such as the answer to a peer that gives no window, which would keep it;
    /// and whoever waits for much would keep all from those who want little.
    pub async fn wait_to_grow(&mut self, bytes: usize) {
        let bytes = self.memory.at_most(bytes);
        if self.grow(bytes).is_ok() {
            return;
        }
        let _waiting = Waiting::new(self.memory.waiting.clone());
        while self.grow(bytes).is_err() {
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    /// Enlarges the share to what `bytes` take. It never becomes smaller.
    ///
    /// # Errors
    /// [`Exhausted`] if that is more than is left, or more than is left to the tenant; the share stays as it is.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let more =
            needed(bytes).saturating_sub(self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let count = u32::try_from(more).map_err(|_| Exhausted)?;
        let free = self.memory.free.clone();
        let acquire = move || free.try_acquire_many_owned(count).map_err(|_| Exhausted);
        let permit = match &mut self.tenant {
            Some(tenant) => tenant.take(more, self.memory.free.available_permits(), acquire)?,
            None => acquire()?,
        };
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        Ok(())
    }
}

/// How many permits so many bytes take.
fn needed(bytes: usize) -> usize {
    bytes.saturating_sub(FREE_BYTES).div_ceil(UNIT)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::Counted;

    #[test]
    fn a_share_grows_within_the_memory_and_gives_it_back() {
        let memory = Memory::new(100 * UNIT);
        let (mut first, mut second) = (memory.share(), memory.share());
        assert_eq!(first.grow(FREE_BYTES + 60 * UNIT), Ok(()));
        assert_eq!(first.grow(1), Ok(()));
        assert_eq!(second.grow(FREE_BYTES + 41 * UNIT), Err(Exhausted));
        assert_eq!(second.grow(FREE_BYTES + 40 * UNIT), Ok(()));
        assert_eq!(first.grow(FREE_BYTES + 60 * UNIT + 1), Err(Exhausted));
        drop(second);
        assert_eq!(first.grow(FREE_BYTES + 100 * UNIT), Ok(()));
        drop(first);
        assert_eq!(memory.share().grow(FREE_BYTES + 100 * UNIT), Ok(()));
        assert_eq!(memory.share().grow(usize::MAX), Err(Exhausted));
        assert_eq!(memory.share().grow(memory.at_most(usize::MAX)), Ok(()));
    }

    #[tokio::test]
    async fn who_waits_has_a_share_when_others_have_given_theirs_back() {
        let memory = Memory::new(100 * UNIT);
        let first = memory.wait(usize::MAX).await;
        let second = tokio::spawn({
            let memory = memory.clone();
            async move { memory.wait(FREE_BYTES + UNIT).await }
        });
        let counted = Counted::yielding(&memory);
        assert!(!counted.is_wanted());
        tokio::task::yield_now().await;
        assert!(!second.is_finished() && counted.is_wanted());
        drop(first);
        let second = second.await.expect("a share");
        assert!(!counted.is_wanted());
        assert_eq!(memory.available(), 99 * UNIT);
        drop(second);
        assert_eq!(memory.available(), 100 * UNIT);
    }

    #[tokio::test]
    async fn who_wants_much_has_its_turn_in_line() {
        let memory = Memory::new(100 * UNIT);
        let first = memory.wait_in_line("any", FREE_BYTES + 60 * UNIT).await;
        let mut much = Box::pin(memory.wait_in_line("any", usize::MAX));
        let mut little = Box::pin(memory.wait_in_line("other", FREE_BYTES + UNIT));
        assert!((&mut much).now_or_never().is_none() && (&mut little).now_or_never().is_none());
        assert!(memory.wait_in_line("any", FREE_BYTES).now_or_never().is_some());
        drop(first);
        drop(much.await);
        assert_eq!(memory.available(), 99 * UNIT);
        drop(little.await);
        assert_eq!(memory.available(), 100 * UNIT);
    }

    #[test]
    fn what_is_counted_shrinks_with_what_is_made_of_it() {
        let memory = Memory::new(100 * UNIT);
        let mut share = memory.share();
        assert_eq!(share.grow(FREE_BYTES + 90 * UNIT), Ok(()));
        let counted = Counted::by(share).shrunk(FREE_BYTES + 30 * UNIT);
        assert_eq!(memory.available(), 70 * UNIT);
        let counted = counted.shrunk(FREE_BYTES + 40 * UNIT);
        assert_eq!(memory.available(), 70 * UNIT);
        drop(counted);
        assert_eq!(memory.available(), 100 * UNIT);
    }

    #[test]
    fn what_is_small_needs_none() {
        let memory = Memory::new(0);
        assert_eq!(memory.share().grow(FREE_BYTES), Ok(()));
        assert_eq!(memory.share().grow(FREE_BYTES + 1), Err(Exhausted));
        assert_eq!(memory.share().grow(usize::MAX), Err(Exhausted));
    }
}

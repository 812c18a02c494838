//! Permits that tenants share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Exhausted, fair_share::is_fair};

/// So many permits, which tenants share by [the rule](crate::is_fair). Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Permits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    are_shared: bool,
    held: Mutex<Held>,
}

/// Who holds how many. Who holds none is not in it.
#[derive(Debug, Default)]
struct Held {
    all: usize,
    by: HashMap<Arc<str>, usize>,
}

/// One of them, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    of: Arc<Shared>,
    tenant: Arc<str>,
}

impl Permits {
    /// So many. Where tenants do not share them, whoever comes first may have all.
    #[must_use]
    pub fn new(max: usize, are_shared: bool) -> Self {
        Self(Arc::new(Shared { max, are_shared, held: Mutex::default() }))
    }

    /// A permit for a tenant, which may hold so many by a limit of its own, if it has one.
    ///
    /// # Errors
    /// [`NoPermit`]: why there is none.
    pub fn try_acquire(&self, tenant: &str, own_limit: Option<usize>) -> Result<Permit, NoPermit> {
        let mut held = self.0.lock();
        let free = self.0.max.saturating_sub(held.all);
        let known = held.by.get_key_value(tenant).map(|(name, own)| (name.clone(), *own));
        let own = known.as_ref().map_or(0, |(_, own)| *own);
        if own_limit.is_some_and(|limit| own >= limit) {
            return Err(NoPermit::OwnLimit);
        }
        if !is_fair(if self.0.are_shared { own } else { 0 }, 1, free) {
            return Err(NoPermit::Exhausted);
        }
        let tenant = known.map_or_else(|| tenant.into(), |(name, _)| name);
        held.all += 1;
        *held.by.entry(tenant.clone()).or_default() += 1;
        Ok(Permit { of: self.0.clone(), tenant })
    }
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPermit {
    /// The tenant holds as many as it may by a limit of its own.
    OwnLimit,
    /// All are held, or so many that the tenant's next would be more than its share.
    Exhausted,
}

impl From<NoPermit> for Exhausted {
    fn from(_: NoPermit) -> Self {
        Self
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Held> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.of.lock();
        held.all -= 1;
        if let Some(own) = held.by.get_mut(&self.tenant) {
            *own -= 1;
            if *own == 0 {
                held.by.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(permits: &Permits, tenant: &str) -> Vec<Permit> {
        std::iter::from_fn(|| permits.try_acquire(tenant, None).ok()).collect()
    }

    #[test]
    fn who_floods_leaves_room_and_gives_way_as_its_own_are_given_back() {
        let permits = Permits::new(28, true);
        let mut flood = all(&permits, "flood");
        assert_eq!(flood.len(), 21);
        let other = all(&permits, "other");
        assert_eq!(other.len(), 6);
        // It gets none of those that it gives back until it holds no more than its share.
        while flood.pop().is_some() {
            assert_eq!(permits.try_acquire("flood", None).is_ok(), flood.len() <= 16, "{}", flood.len());
        }
        drop((flood, other));
        assert!(permits.0.lock().by.is_empty() && permits.0.lock().all == 0);
    }

    #[test]
    fn where_they_are_not_shared_one_may_have_all() {
        assert_eq!(all(&Permits::new(28, false), "only").len(), 28);
    }

    #[test]
    fn a_limit_of_its_own_holds_for_one_tenant_alone() {
        let permits = Permits::new(100, true);
        let held: Vec<_> = (0..2).map(|_| permits.try_acquire("small", Some(2)).expect("a permit")).collect();
        assert_eq!(permits.try_acquire("small", Some(2)).expect_err("there are two"), NoPermit::OwnLimit);
        assert!(permits.try_acquire("other", Some(2)).is_ok());
        drop(held);
        assert!(permits.try_acquire("small", Some(2)).is_ok());
    }
}

//! What tenants hold of a memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::fair_share::is_fair;

/// How many units each tenant holds. Who holds none is not in it. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Tenants(Arc<Mutex<HashMap<Arc<str>, usize>>>);

/// A tenant's part in one share, given back when dropped.
#[derive(Debug)]
pub(super) struct Tenant {
    name: Arc<str>,
    held: usize,
    all: Tenants,
}

impl Tenants {
    /// A part of a tenant's, which holds nothing yet.
    pub(super) fn named(&self, name: &str) -> Tenant {
        Tenant { name: name.into(), held: 0, all: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenant {
    /// Another part of the same tenant's, which holds nothing yet.
    pub(super) fn renewed(&self) -> Self {
        Self { name: self.name.clone(), held: 0, all: self.all.clone() }
    }

    /// Takes `more` of what is `free`, where that is fair and `acquire` succeeds. Its only share may grow to all there is.
    pub(super) fn take<T>(
        &mut self,
        more: usize,
        free: usize,
        acquire: impl FnOnce() -> Result<T, super::Exhausted>,
    ) -> Result<T, super::Exhausted> {
        let mut all = self.all.lock();
        let own = all.get(&self.name).copied().unwrap_or_default();
        if !is_fair(if own == self.held { 0 } else { own }, more, free) {
            return Err(super::Exhausted);
        }
        let acquired = acquire()?;
        *all.entry(self.name.clone()).or_default() += more;
        self.held += more;
        Ok(acquired)
    }

    /// Gives some of it back.
    pub(super) fn give_back(&mut self, units: usize) {
        if units == 0 {
            return;
        }
        self.held -= units;
        let mut all = self.all.lock();
        if let Some(own) = all.get_mut(&self.name) {
            *own -= units;
            if *own == 0 {
                all.remove(&self.name);
            }
        }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        self.give_back(self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;

    #[test]
    fn many_shares_of_a_tenant_leave_room_and_one_alone_has_all() {
        let memory = Memory::new(100 * UNIT);
        let share = |tenant| {
            let mut share = memory.share_of(Some(tenant));
            share.grow(FREE_BYTES + 5 * UNIT).map(|()| share)
        };
        let flood: Vec<_> = std::iter::from_fn(|| share("flood").ok()).collect();
        assert_eq!(flood.len(), 15);
        let mut other = share("other").expect("there is room");
        assert_eq!(other.grow(FREE_BYTES + 25 * UNIT), Ok(()));
        assert_eq!(share("other").err(), Some(Exhausted));
        drop((flood, other));
        assert!(memory.tenants.lock().is_empty());
        let mut whole = memory.share_of(Some("flood"));
        for part in [50, 100] {
            assert_eq!(whole.grow(FREE_BYTES + part * UNIT), Ok(()));
        }
        let counted = crate::Counted::by(whole).shrunk(FREE_BYTES + 10 * UNIT);
        assert_eq!(memory.tenants.lock().get("flood"), Some(&10));
        drop(counted);
        assert!(memory.tenants.lock().is_empty() && memory.available() == 100 * UNIT);
    }
}

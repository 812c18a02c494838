//! The tenants whose events are read, each by a tail of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{session::TenantId, store::Store};
use tokio_util::sync::CancellationToken;

use crate::{
    event_buffer::Kept,
    tail::{Tail, WeakTail},
};

/// A tail for each tenant that somebody watches. Clones are the same ones.
#[derive(Clone)]
pub(crate) struct Tails {
    store: Arc<dyn Store>,
    stopping: CancellationToken,
    kept: Kept,
    /// A tail lives as long as it has watchers, or reads for the last of them.
    tails: Arc<Mutex<HashMap<TenantId, WeakTail>>>,
}

impl Tails {
    pub(crate) fn new(store: Arc<dyn Store>, stopping: CancellationToken) -> Self {
        Self { store, stopping, kept: Kept::default(), tails: Arc::default() }
    }

    /// A tenant's tail, which begins to read when it has a watcher.
    pub(crate) fn of(&self, tenant: &TenantId) -> Tail {
        self.with(|tails| {
            if let Some(tail) = tails.get(tenant).and_then(WeakTail::upgrade) {
                return tail;
            }
            tails.retain(|_, tail| tail.upgrade().is_some());
            let tail =
                Tail::new(self.store.clone(), tenant.clone(), self.kept.clone(), self.stopping.clone());
            tails.insert(tenant.clone(), tail.downgrade());
            tail
        })
    }

    /// Asks for a poll of a tenant's events soon, if anybody watches them.
    pub(crate) fn wake(&self, tenant: &TenantId) {
        if let Some(tail) = self.with(|tails| tails.get(tenant).and_then(WeakTail::upgrade)) {
            tail.wake();
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<TenantId, WeakTail>) -> T) -> T {
        // Nothing panics while it holds the lock; if it did, the map would still be whole.
        work(&mut self.tails.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

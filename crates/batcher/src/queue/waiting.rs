//! One item that waits, and by which lane it came.

use domain::{Error, Outcome as Certainty};
use telemetry::trace::Waits;
use tokio::{sync::oneshot, time::Instant};

use super::{Key, Tenant};
use crate::{Item, Outcome};

/// How an item came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// By itself.
    Single,
    /// With others of the same caller.
    Bulk,
    /// For a session that is large, or becomes so.
    Large,
}

/// An item that waits.
pub(crate) struct Waiting<I: Item> {
    pub(crate) tenant: Tenant,
    pub(crate) key: Option<Key>,
    pub(crate) lane: Lane,
    pub(crate) since: Instant,
    /// There where somebody records the call that it is of.
    pub(crate) trace: Option<Waits>,
    pub(crate) item: I,
    pub(crate) answer: oneshot::Sender<Outcome<I>>,
}

impl<I: Item> Waiting<I> {
    pub(crate) fn new(
        (tenant, key): (Tenant, Option<Key>),
        lane: Lane,
        item: I,
        answer: oneshot::Sender<Outcome<I>>,
    ) -> Self {
        Self { tenant, key, lane, since: Instant::now(), trace: Waits::begin(), item, answer }
    }

    pub(crate) fn refuse(self, error: Error) {
        // Whoever is gone needs no answer.
        let _ = self.answer.send(Err(error));
    }

    /// Whether nobody waits for its answer any longer.
    pub(super) fn is_cancelled(&self) -> bool {
        self.item.is_cancelled() || self.answer.is_closed()
    }

    pub(super) fn refuse_cancelled(self) {
        self.refuse(Error::DeadlineExceeded(Certainty::NotApplied));
    }
}

//! Sessions that somebody outside of the service has locked: each is tried again by itself, so that nobody waits with it.

use std::sync::Arc;

use domain::{Error, Outcome, session::TenantId};
use tokio::time::sleep;

use crate::{Item, LockWait, Shared, queue::Key};

impl<I: Item> Shared<I> {
    /// Tries what waits for a session again and again, until it is not locked any more or nobody waits.
    pub(crate) async fn retry(self: Arc<Self>, tenant: TenantId, key: Key) {
        loop {
            sleep(self.options.blocked_pause).await;
            let _turn = self.blocked.take(tenant.as_str()).await;
            let (late, batch): (Vec<_>, Vec<_>) = self
                .lock()
                .queue
                .take_held(key)
                .into_iter()
                .partition(|waiting| waiting.since.elapsed() >= self.options.max_blocked);
            for waiting in late {
                waiting.refuse(locked());
            }
            let blocked = self.answer(batch, LockWait::Long).await;
            let mut state = self.lock();
            if blocked.is_empty() {
                state.queue.unlock(key);
                return self.clone().start(&mut state);
            }
            for waiting in blocked.into_iter().rev() {
                state.queue.put_back(waiting);
            }
        }
    }
}

fn locked() -> Error {
    let cause = "somebody else's transaction has kept the session locked".into();
    Error::StoreUnavailable { outcome: Outcome::NotApplied, cause }
}

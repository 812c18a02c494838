//! The end of a process: what was accepted is finished, within limits.

use std::{sync::Arc, time::Duration};

use domain::store::Store;
use grpc::{Health, Service};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::store::deferred::Deferred;

/// All that has to end.
pub(super) struct Running {
    pub(super) service: Service,
    pub(super) store: Arc<Deferred>,
    pub(super) health: Health,
    pub(super) leaving: CancellationToken,
    pub(super) stopping: CancellationToken,
    pub(super) servers: JoinHandle<()>,
    /// None before the store is open.
    pub(super) life: Option<JoinHandle<()>>,
}

impl Running {
    /// Says that the process is not ready, goes on serving for as long as the lame duck takes, then has calls and after
    /// them the store finish, each within the drain timeout.
    pub(super) async fn stop(self, lame_duck: Duration, drain_timeout: Duration) {
        self.leaving.cancel();
        self.health.stop().await;
        // Nobody has been sent here before the process was ready.
        if self.store.is_open() {
            tokio::time::sleep(lame_duck).await;
        }
        self.stopping.cancel();
        // Streams have no end of their own: their callers go on elsewhere.
        self.service.stop();
        let _ = self.servers.await;
        let finished = async {
            if let Some(life) = self.life {
                let _ = life.await;
            }
            self.store.close().await;
        };
        if tokio::time::timeout(drain_timeout, finished).await.is_err() {
            tracing::warn!("the store did not finish in time");
        }
    }
}

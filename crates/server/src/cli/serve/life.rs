//! The store's life in the process: opened, followed, kept within its retention.

use std::sync::Arc;

use domain::{
    Error,
    store::{OpenError, Store},
};
use grpc::Health;
use telemetry::{Signal, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::Serve,
    import, readiness, retention, sample,
    store::{self, deferred::Deferred, opening},
};

/// What the process does by itself beside answering calls.
pub(super) struct Life {
    pub(super) serve: Serve,
    pub(super) store: Arc<Deferred>,
    pub(super) health: Health,
    /// Cancelled when the process is about to stop.
    pub(super) leaving: CancellationToken,
}

impl Life {
    /// Opens the store, waiting for it as long as it takes. May be dropped at any time.
    ///
    /// # Errors
    /// The store cannot be opened until somebody changes something.
    pub(super) async fn begin(&self) -> Result<(), OpenError> {
        signal(Signal::Ready(false));
        let opened = self.open().await?;
        self.store.open(opened);
        self.health.ready().await;
        signal(Signal::Ready(true));
        tracing::info!("ready");
        Ok(())
    }

    /// Looks after the store until the process is about to stop.
    pub(super) async fn go_on(self) {
        let store: Arc<dyn Store> = self.store;
        tokio::join!(
            readiness::follow(store.clone(), self.health, self.leaving.clone()),
            retention::run(store, self.serve.retention, self.leaving)
        );
    }

    async fn open(&self) -> Result<Arc<dyn Store>, OpenError> {
        let database = &self.serve.database;
        let attempt = async || {
            store::prepare(database).await?;
            let store = store::open(database, Some(&self.serve.retention)).await?;
            self.store_sample(&*store).await?;
            Ok(store)
        };
        let waiting = async |what| self.health.not_ready(what).await;
        opening::open(store::target(database), None, attempt, waiting).await
    }

    async fn store_sample(&self, store: &dyn Store) -> Result<(), OpenError> {
        if self.serve.sample {
            let id = sample::store(store).await.map_err(|error| {
                let transient =
                    matches!(error, Error::StoreUnavailable { .. } | Error::Overloaded) && !error.is_denied();
                let message = format!("cannot store the documented session: {}", import::Failure(error));
                OpenError::new(message).transient(transient)
            })?;
            tracing::info!(id = id.as_str(), "the documented session is there");
        }
        Ok(())
    }
}

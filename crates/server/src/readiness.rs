//! Health as `grpc.health.v1` tells it: it follows the store, until the process is about to stop.

use std::{sync::Arc, time::Duration};

use domain::store::Store;
use tokio_util::sync::CancellationToken;
use tonic_health::{ServingStatus, server::HealthReporter};

/// How often the store is asked.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reports that the process serves, which it does once its store is open.
pub(crate) async fn begin(health: &HealthReporter) {
    set(health, ServingStatus::Serving).await;
}

/// Asks the store again and again, and reports what has changed, until `stopping`; then reports that the process does
/// not serve, and returns.
pub(crate) async fn follow(store: Arc<dyn Store>, health: HealthReporter, stopping: CancellationToken) {
    let mut was_ready = true;
    loop {
        let answer = tokio::select! {
            () = stopping.cancelled() => break,
            // A ping that hangs is given up on; it changes nothing, so it may be dropped.
            answer = tokio::time::timeout(PATIENCE, store.ping()) => answer,
        };
        let is_ready = matches!(answer, Ok(Ok(())));
        if was_ready != is_ready {
            match answer {
                Ok(Ok(())) => tracing::info!("the store answers again"),
                Ok(Err(error)) => tracing::warn!(%error, "the store does not answer"),
                Err(_) => tracing::warn!("the store does not answer in time"),
            }
            set(&health, if is_ready { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
            was_ready = is_ready;
        }
        tokio::select! {
            () = stopping.cancelled() => break,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    set(&health, ServingStatus::NotServing).await;
}

async fn set(health: &HealthReporter, status: ServingStatus) {
    // The empty name stands for the process as a whole.
    for service in ["", grpc::SERVICE_NAME] {
        health.set_service_status(service, status).await;
    }
}

//! Whether the process can serve: it follows what the store answers, until the process is about to stop.

use std::{sync::Arc, time::Duration};

use domain::store::Store;
use grpc::Health;
use telemetry::{Signal, signal};
use tokio_util::sync::CancellationToken;

/// How often the store is asked.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long the store may take for all its probes together, each of which has a limit of its own.
const LIMIT: Duration = Duration::from_secs(10);

/// Asks the store again and again, and reports what it answers, until `stopping`.
pub(crate) async fn follow(store: Arc<dyn Store>, health: Health, stopping: CancellationToken) {
    let mut last: Option<String> = None;
    loop {
        let found = tokio::select! {
            () = stopping.cancelled() => {
                signal(Signal::Ready(false));
                return;
            }
            found = tokio::time::timeout(LIMIT, store.health()) => found,
        };
        let why = match found {
            Ok(found) if found.is_ready() => None,
            Ok(found) => Some(found.to_string()),
            Err(_) => Some("reads, writes, watches: the store does not say in time".to_owned()),
        };
        match &why {
            Some(why) if last.as_ref() != Some(why) => tracing::warn!(%why, "not ready"),
            None if last.is_some() => tracing::info!("ready again: reads, writes and watches are answered"),
            Some(_) | None => {}
        }
        signal(Signal::Ready(why.is_none()));
        match &why {
            Some(why) => health.not_ready(why.clone()).await,
            None => health.ready().await,
        }
        last = why;
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

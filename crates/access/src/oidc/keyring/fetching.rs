//! The fetching of keys, in the background.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use tracing::{info, warn};

use super::{Known, Pace};
use crate::oidc::{fetch::Fetch, keys::Keys};

/// Keeps what is known of an issuer's keys as the source has them.
pub(super) async fn keep_fetching(
    mut source: Box<dyn Fetch>,
    known: watch::Sender<Known>,
    wake: Arc<Notify>,
    pace: Pace,
) {
    let mut failures = 0;
    let mut is_due = known.borrow().keys.is_none();
    loop {
        if is_due {
            known.send_modify(|known| known.is_fetching = true);
            let found = fetch(&mut *source, pace.timeout).await;
            failures = if found.is_ok() { 0 } else { failures + 1 };
            settle(&known, found, &source.name());
        }
        is_due = true;
        let pause = if let Some(interval) = source.interval() {
            interval
        } else if failures == 0 {
            pace.interval
        } else if known.borrow().keys.is_some() {
            pace.retry
        } else {
            let [first, last] = pace.urgent;
            first.saturating_mul(1 << (failures - 1).min(16)).min(last)
        };
        // Processes that began together must not all ask together.
        tokio::select! { () = sleep(pause.mul_f64(0.9 + 0.2 * fastrand::f64())) => {}, () = wake.notified() => {} }
    }
}

async fn fetch(source: &mut dyn Fetch, limit: Duration) -> Result<Option<Keys>, String> {
    let got = timeout(limit, source.fetch()).await;
    let text = got.unwrap_or_else(|_| Err(format!("they did not come within {limit:?}")))?;
    text.map(|text| Keys::parse(&text)).transpose()
}

/// What a fetch came to is what is known from now on.
fn settle(known: &watch::Sender<Known>, found: Result<Option<Keys>, String>, source: &str) {
    known.send_modify(|known| {
        known.fetches += 1;
        known.is_fetching = false;
        match found {
            Ok(None) => {}
            // What was verified with these very keys need not be verified again.
            Ok(Some(keys)) if known.keys.as_deref() == Some(&keys) => {}
            Ok(Some(keys)) => {
                if keys.is_empty() {
                    warn!(source, "there is no key that a token could be verified with: all are refused");
                } else {
                    info!(
                        source,
                        keys = keys.len(),
                        "tokens are verified with these keys of their issuer from now on"
                    );
                }
                known.keys = Some(Arc::new(keys));
            }
            Err(error) if known.keys.is_some() => {
                warn!(
                    source,
                    error, "the keys that tokens are verified with cannot be read again: those known go on"
                );
            }
            Err(error) => {
                warn!(
                    source,
                    error,
                    "the keys that tokens are verified with cannot be had: tokens are refused until they can"
                );
            }
        }
    });
}

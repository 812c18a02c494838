//! Waiting for things to happen, within a limit.

use std::time::Duration;

/// Longer than anything takes that a test waits for, also on a machine that does much else.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// What comes of a future, which has to come within the limit.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(TIMEOUT, future).await;
    result.unwrap_or_else(|_| panic!("{what} took longer than {TIMEOUT:?}"))
}

/// Waits until something holds that comes to hold by itself.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    within(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

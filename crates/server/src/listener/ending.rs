//! The end of a connection when the process stops: what its peer has asked for by then is answered, and a peer that takes
//! nothing does not hold up the stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::stalled::Written;

/// How long a new connection has for its first request. Its peer may have been connected, as far as its system knows, long
/// before it is accepted, and cannot distinguish a connection that is closed at once from a request that was lost.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// How long a peer may take nothing of the answers that are left. Too short, and callers on bad lines lose theirs; too long,
/// and those who never read hold up the stop.
const STALLED_AT_STOP: Duration = Duration::from_secs(5);

/// How often that is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Whether a connection has had a request. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct FirstRequest(Arc<Came>);

#[derive(Debug)]
struct Came {
    accepted: Instant,
    has_come: AtomicBool,
    come: Notify,
}

impl Default for FirstRequest {
    fn default() -> Self {
        let (has_come, come) = (AtomicBool::new(false), Notify::new());
        Self(Arc::new(Came { accepted: Instant::now(), has_come, come }))
    }
}

impl FirstRequest {
    /// One has come.
    pub(super) fn set(&self) {
        if !self.0.has_come.swap(true, Ordering::Relaxed) {
            self.0.come.notify_one();
        }
    }

    /// Waits until the process stops and the connection has had its first request, or time for it.
    pub(super) async fn or_time_for_it(&self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        let _ = timeout_at(self.0.accepted + FIRST_REQUEST, self.0.come.notified()).await;
    }
}

/// Waits until a peer has taken nothing for too long while the connection is not busy.
pub(super) async fn stalled(written: &Written, is_busy: impl Fn() -> bool) {
    let (mut bytes, mut since) = (written.bytes(), Instant::now());
    while since.elapsed() < STALLED_AT_STOP {
        sleep(INTERVAL).await;
        if is_busy() || written.bytes() != bytes {
            (bytes, since) = (written.bytes(), Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use coalesce::Calls;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_new_connection_has_time_for_a_request_and_one_that_had_it_none() {
        let stopping = CancellationToken::new();
        stopping.cancel();
        let (new, used) = (FirstRequest::default(), FirstRequest::default());
        used.set();
        let begun = Instant::now();
        used.or_time_for_it(&stopping).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        new.or_time_for_it(&stopping).await;
        assert_eq!(begun.elapsed(), FIRST_REQUEST);
        new.or_time_for_it(&stopping).await;
        assert_eq!(begun.elapsed(), FIRST_REQUEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_under_way_is_no_stall() {
        let (written, calls) = (Written::default(), Calls::default());
        let call = calls.begin();
        let begun = Instant::now();
        tokio::spawn(async move {
            sleep(3 * STALLED_AT_STOP).await;
            drop(call);
        });
        stalled(&written, || calls.are_under_way()).await;
        assert!(begun.elapsed() >= 4 * STALLED_AT_STOP - INTERVAL, "{:?}", begun.elapsed());
    }
}

//! How old a connection may become. One that is kept for ever stays with the process that it was made with, so that an
//! instance that is added gets no load: past its age its peer is asked to make another one, and no call is lost by
//! that.
//!
//! Over HTTP/2 the server says which call was the connection's last (GOAWAY). Over HTTP/1.1 it can say so with an answer only
//! (`Connection: close`), so one without calls is left as it is until its next one, or until it has been idle for too long.
//! Streams that have no end of their own are ended when the grace is over, with a status that says to go on elsewhere. Calls are
//! not: each has an end.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Version, header::CONNECTION};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

/// How old connections may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age {
    /// Without it, as old as they like.
    pub(crate) max: Option<Duration>,
    /// How much longer their streams may go on.
    pub(crate) grace: Duration,
}

impl Age {
    /// As old as they like.
    pub(crate) const NONE: Self = Self { max: None, grace: Duration::ZERO };
}

/// How much sooner or later than at its age a connection ends: those that were made together, as after a restart, would
/// otherwise all be made again together.
const JITTER: f64 = 0.1;

/// One connection's life. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Lifetime(Arc<Life>);

#[derive(Debug)]
struct Life {
    age: Age,
    is_old: AtomicBool,
    is_http2: AtomicBool,
    /// One of the two has become so.
    changed: Notify,
    streams: Mutex<CancellationToken>,
}

impl Lifetime {
    /// Of a connection that begins now.
    pub(super) fn new(age: Age) -> Self {
        Self(Arc::new(Life {
            age,
            is_old: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            changed: Notify::new(),
            streams: Mutex::default(),
        }))
    }

    /// Says that a request has begun, and returns what is cancelled when it is to end, if it is a stream.
    pub(super) fn begin(&self, version: Version) -> CancellationToken {
        if version == Version::HTTP_2 && !self.0.is_http2.swap(true, Ordering::Relaxed) {
            self.0.changed.notify_one();
        }
        self.streams().clone()
    }

    /// Has an answer say that it is the connection's last, if it is.
    pub(super) fn announce(&self, version: Version, headers: &mut HeaderMap) {
        if version <= Version::HTTP_11 && self.0.is_old.load(Ordering::Relaxed) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }

    /// Waits until a connection of HTTP/2 is too old. One of HTTP/1.1 ends with an answer; until one has come, its streams end
    /// each time that the grace is over.
    pub(super) async fn is_over(&self) {
        let Life { age, is_old, is_http2, changed, .. } = &*self.0;
        let Some(max) = age.max else { return std::future::pending().await };
        let grow_old = async {
            loop {
                sleep(max.mul_f64(1.0 - JITTER + 2.0 * JITTER * fastrand::f64())).await;
                is_old.store(true, Ordering::Relaxed);
                changed.notify_one();
                self.grace().await;
            }
        };
        let is_over = async {
            while !(is_old.load(Ordering::Relaxed) && is_http2.load(Ordering::Relaxed)) {
                changed.notified().await;
            }
        };
        tokio::select! { () = grow_old => {}, () = is_over => {} }
    }

    /// Waits for the end of the grace, and ends the streams.
    pub(super) async fn grace(&self) {
        sleep(self.0.age.grace).await;
        self.end_streams();
    }

    /// Ends the streams that have no end of their own.
    pub(super) fn end_streams(&self) {
        std::mem::take(&mut *self.streams()).cancel();
    }

    fn streams(&self) -> MutexGuard<'_, CancellationToken> {
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;

    const MAX: Duration = Duration::from_secs(100);
    const GRACE: Duration = Duration::from_secs(30);

    fn lifetime(max: Option<Duration>) -> Lifetime {
        Lifetime::new(Age { max, grace: GRACE })
    }

    fn closes(lifetime: &Lifetime, version: Version) -> bool {
        let mut headers = HeaderMap::new();
        lifetime.announce(version, &mut headers);
        headers.get(CONNECTION).is_some_and(|value| value == "close")
    }

    #[tokio::test(start_paused = true)]
    async fn connections_do_not_end_together() {
        let mut ages = Vec::new();
        for _ in 0..50 {
            let (lifetime, begun) = (lifetime(Some(MAX)), Instant::now());
            let stream = lifetime.begin(Version::HTTP_2);
            lifetime.is_over().await;
            ages.push(begun.elapsed());
            assert!(!stream.is_cancelled() && !closes(&lifetime, Version::HTTP_2));
            lifetime.grace().await;
            assert!(stream.is_cancelled());
        }
        let (first, last) = (ages.iter().min().expect("some"), ages.iter().max().expect("some"));
        assert!(*first >= MAX.mul_f64(0.9) && *last <= MAX.mul_f64(1.1) && *last - *first > MAX / 20);
    }

    #[tokio::test(start_paused = true)]
    async fn over_http_1_the_last_answer_says_so_and_streams_end() {
        let lifetime = lifetime(Some(MAX));
        let stream = lifetime.begin(Version::HTTP_11);
        assert!(!closes(&lifetime, Version::HTTP_11));
        assert!(timeout(MAX.mul_f64(1.11), lifetime.is_over()).await.is_err());
        assert!(closes(&lifetime, Version::HTTP_11) && !stream.is_cancelled());
        // Whoever waits for it waits on.
        assert!(timeout(2 * MAX, lifetime.is_over()).await.is_err());
        assert!(stream.is_cancelled());
        // What an old one has as its last answer may go on for some time.
        assert!(!lifetime.begin(Version::HTTP_11).is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_age_there_is_no_end() {
        let lifetime = lifetime(None);
        let stream = lifetime.begin(Version::HTTP_2);
        assert!(timeout(1000 * MAX, lifetime.is_over()).await.is_err());
        assert!(!stream.is_cancelled() && !closes(&lifetime, Version::HTTP_11));
    }
}

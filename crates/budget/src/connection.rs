//! What one connection may have open for long.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A connection's places for streams that have no end of their own: watches, event streams, streams of updates. They are
/// fewer than its streams altogether, so that calls still go through beside them. Clones are the same one; the listener
/// puts it into the extensions of each request.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Semaphore>);

/// A long stream's place, given back when dropped.
#[derive(Debug)]
pub struct LongStream(#[expect(dead_code, reason = "it is held, not looked at")] OwnedSemaphorePermit);

impl Connection {
    /// How many there may be of them. It stands in proto/README.md.
    pub const MAX_LONG_STREAMS: usize = 100;

    /// A place for one of them, unless there are as many as there may be.
    #[must_use]
    pub fn long_stream(&self) -> Option<LongStream> {
        self.0.clone().try_acquire_owned().ok().map(LongStream)
    }

    /// What a stream is told that finds no place.
    #[must_use]
    pub fn full() -> String {
        let limit = Self::MAX_LONG_STREAMS;
        format!("this connection has {limit} watches and streams already; open another connection for more")
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(Self::MAX_LONG_STREAMS)))
    }
}

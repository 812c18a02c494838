//! What one connection may have open for long, and until when.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// A connection as the calls on it know it: the listener puts it into the extensions of each request.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Permits for streams that have no end of their own: watches, event streams, streams of updates. They are fewer
    /// than the connection's streams altogether, so that calls still go through beside them. Clones have the same ones.
    long_streams: Arc<Semaphore>,
    end: CancellationToken,
}

/// A long stream's permit, given back when dropped.
#[derive(Debug)]
pub struct LongStream(#[expect(dead_code, reason = "it is held, not looked at")] OwnedSemaphorePermit);

impl Connection {
    /// How many there may be of them. It stands in proto/README.md.
    pub const MAX_LONG_STREAMS: usize = 100;

    /// What a stream ends with that is ended with its connection.
    pub const AGED: &str = "this connection has reached its age; go on over another one";

    /// The same connection for a stream that is to end when this is cancelled.
    #[must_use]
    pub fn until(&self, end: CancellationToken) -> Self {
        Self { end, ..self.clone() }
    }

    /// Cancelled when streams without an end of their own are to end, since the connection is as old as it may be.
    #[must_use]
    pub fn end(&self) -> &CancellationToken {
        &self.end
    }

    /// A permit for one of them, unless there are as many as there may be.
    #[must_use]
    pub fn long_stream(&self) -> Option<LongStream> {
        self.long_streams.clone().try_acquire_owned().ok().map(LongStream)
    }

    /// What a stream is refused with where no permit is left.
    #[must_use]
    pub fn full() -> String {
        let limit = Self::MAX_LONG_STREAMS;
        format!("this connection has {limit} watches and streams already; open another connection for more")
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self { long_streams: Arc::new(Semaphore::new(Self::MAX_LONG_STREAMS)), end: CancellationToken::new() }
    }
}

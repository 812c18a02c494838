//! A connection that is closed in stages (RFC 9112, section 9.6).
//!
//! Where a connection is closed while its peer is still sending, the peer's system gets a reset, and throws away what its
//! program has not read yet: perhaps the answer that says why. So the side that writes is closed first, and what the peer
//! goes on sending is read for a while.

use std::{
    io::{IoSlice, Result},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// How long nothing may have come before the peer is taken to have stopped sending: longer than an answer takes to get to
/// it and what it had sent until then to get here.
const QUIET: Duration = Duration::from_secs(1);

/// How long a peer may go on sending at most.
const MAX_TIME: Duration = Duration::from_secs(5);

/// What is taken of it at once, in bytes.
const PIECE_BYTES: usize = 16 * 1024;

/// A stream whose shutdown goes on until the peer has stopped sending.
#[derive(Debug)]
pub(crate) struct StagedClose<S> {
    stream: S,
    /// When something last came.
    last_read: Instant,
    announced: Announced,
    closing: Option<Closing>,
}

/// Whether an answer has said that it is the connection's last: its peer may be about to send more of the request, however
/// long it has paused. One that is idle is not. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Announced(Arc<AtomicBool>);

impl Announced {
    /// Says that one has.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The side that writes is closed.
#[derive(Debug)]
struct Closing {
    ends: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<S> StagedClose<S> {
    /// Wraps a connection.
    pub(crate) fn new(stream: S, announced: Announced) -> Self {
        Self { stream, last_read: Instant::now(), announced, closing: None }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for StagedClose<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        if this.closing.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            if this.announced.0.load(Ordering::Relaxed) {
                this.last_read = Instant::now();
            }
        }
        let last_read = this.last_read + QUIET;
        let closing = this.closing.get_or_insert_with(|| Closing {
            ends: Instant::now() + MAX_TIME,
            timer: Box::pin(sleep_until(last_read)),
        });
        let mut piece = [0; PIECE_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut piece);
            match Pin::new(&mut this.stream).poll_read(context, &mut buffer) {
                // The peer has closed its side too, or is gone.
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    this.last_read = Instant::now();
                    if this.last_read >= closing.ends {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Pending => {
                    closing.timer.as_mut().reset((this.last_read + QUIET).min(closing.ends));
                    return closing.timer.as_mut().poll(context).map(Ok);
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StagedClose<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.last_read = Instant::now();
        }
        Poll::Ready(Ok(()))
    }
}

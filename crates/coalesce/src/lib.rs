//! A connection that writes together what is written in quick succession.
//!
//! HTTP/2 carries many calls on a connection, and the `h2` crate flushes it after nearly each frame. When a batch of calls
//! is answered at once, that is a system call, and perhaps somebody woken up, for each of two frames of every answer. Here a
//! flush waits, while other calls are under way, until everything else that is ready to run has run once, and until a round
//! of that has brought nothing more to write. A lone call's answer does not wait.

use std::{
    io::{IoSlice, Result},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf},
    task::yield_now,
};

/// The calls that are under way on a connection. Clones count the same ones.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<AtomicUsize>);

impl Calls {
    /// Counts a call until what is returned is dropped.
    #[must_use]
    pub fn begin(&self) -> Call {
        self.0.fetch_add(1, Ordering::Relaxed);
        Call(self.clone())
    }

    /// Whether there are any.
    #[must_use]
    pub fn are_under_way(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// A call that is under way.
#[derive(Debug)]
pub struct Call(Calls);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that puts flushes off while calls are under way that may soon write more. It is for one task, which flushes
/// whenever it is polled, as a connection of `h2` does: a flush that is put off says that it is done, and has the task
/// polled again.
#[derive(Debug)]
pub struct Coalesce<S> {
    stream: BufWriter<S>,
    calls: Calls,
    /// Whether something was written since the last flush.
    has_more: bool,
}

/// How much is written together at most, in bytes: about sixteen answers of the usual size.
const BUFFER_BYTES: usize = 16 * 1024;

impl<S: AsyncWrite> Coalesce<S> {
    /// Wraps the stream of a connection on which these calls are made.
    pub fn new(stream: S, calls: Calls) -> Self {
        Self { stream: BufWriter::with_capacity(BUFFER_BYTES, stream), calls, has_more: false }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Coalesce<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.has_more = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.has_more = true;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        if std::mem::take(&mut self.has_more) && self.calls.are_under_way() {
            // Its first poll is all that is needed: it has the runtime wake this task behind all that are ready now.
            let _ = pin!(yield_now()).poll(context);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Coalesce<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests;

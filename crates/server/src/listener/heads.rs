//! Requests' heads while they arrive: nothing is known of their callers yet, so each has little time and little memory.
//!
//! HTTP/1.1's library has one limit of time for a head and for the wait before it, HTTP/2's has none, and both keep what has come
//! of a head for as long as it lasts. So it is counted here what arrives of heads, and a stream fails when one takes too long
//! or too much.

mod arriving;

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use budget::{FREE_BYTES, Memory, Share};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take},
    time::{Sleep, sleep},
};

use super::{IDLE_TIMEOUT, capacity::Room};
use arriving::Arriving;

/// How long a head may take from its first byte to its last. Too short, and callers on bad lines are cut off; too long, and those
/// who never end one keep what they have sent of it for so long. It stands in proto/README.md.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What all heads of a listener take together, in bytes, beyond what each [has without asking](FREE_BYTES). Services refuse heads
/// of such sizes, so this is only for saying so: where there is no room, the connection ends.
const MEMORY_BYTES: usize = 4 * 1024 * 1024;

/// How much is read at once of HTTP/1.1, in bytes: what comes behind a head in one piece is not counted.
const MAX_READ_BYTES: u64 = FREE_BYTES as u64;

/// What the heads of a listener take together. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Heads(Memory);

/// A connection's stream, whose reads fail once a head has taken too long or too much, or none has come at all; and when one is
/// on its way while the connection has to end for another one.
pub(super) struct Timely<S> {
    stream: Take<S>,
    arriving: Arriving,
    is_arriving: bool,
    /// Runs until the first head begins, and while one arrives.
    limit: Option<Pin<Box<Sleep>>>,
    /// What has come of it.
    share: Share,
    room: Arc<Room>,
    /// How many calls had begun before this head.
    calls: usize,
}

impl Default for Heads {
    fn default() -> Self {
        Self(Memory::new(MEMORY_BYTES))
    }
}

impl Heads {
    /// Has what arrives on a connection be within the limits.
    pub(super) fn within_limits<S: AsyncRead>(&self, stream: S, room: Arc<Room>) -> Timely<S> {
        let stream = stream.take(MAX_READ_BYTES);
        let limit = Some(Box::pin(sleep(IDLE_TIMEOUT)));
        let (arriving, share) = (Arriving::default(), self.0.share());
        Timely { stream, arriving, is_arriving: false, limit, share, room, calls: 0 }
    }
}

impl<S> Timely<S> {
    fn in_time(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let Some(limit) = &mut self.limit else { return Ok(()) };
        if self.room.is_asked() && self.room.is_idle() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        match limit.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// Counts what has come.
    fn count(&mut self, came: &[u8]) -> io::Result<()> {
        if self.room.is_idle() && self.room.calls() != self.calls {
            self.calls = self.room.calls();
            self.arriving.answered();
        }
        let bytes = self.arriving.see(came);
        let was_arriving = std::mem::replace(&mut self.is_arriving, bytes > 0);
        match bytes {
            0 => {
                self.limit = None;
                if !self.share.is_empty() {
                    self.share = self.share.renewed();
                }
            }
            bytes => {
                self.share.grow(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
                if !was_arriving {
                    self.limit = Some(Box::pin(sleep(TIMEOUT)));
                }
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timely<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.in_time(context)?;
        let limit = if self.arriving.is_framed() { u64::MAX } else { MAX_READ_BYTES };
        self.stream.set_limit(limit);
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        Poll::Ready(self.count(&buffer.filled()[before..]))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Timely<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, duplex};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::listener::Capacity;

    const HEAD: &str = "GET / HTTP/1.1\r\nhost: a\r\n";

    async fn room() -> Arc<Room> {
        Arc::new(Capacity::new(8).room().await)
    }

    /// Reads until nothing more comes for a day.
    async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        let mut piece = vec![0; 1 << 20];
        while let Ok(read) = timeout(Duration::from_secs(86_400), stream.read(&mut piece)).await {
            assert_ne!(read?, 0, "the peer is still there");
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_its_first_byte_and_an_idle_connection_is_left_alone() {
        let (mut peer, end) = duplex(1 << 20);
        let room = room().await;
        let mut stream = Heads::default().within_limits(end, room.clone());
        for _ in 0..3 {
            peer.write_all(format!("{HEAD}\r\n").as_bytes()).await.expect("room");
            read_all(&mut stream).await.expect("a whole head has come");
            drop(room.busy(true));
        }
        peer.write_all(HEAD.as_bytes()).await.expect("room");
        let begun = Instant::now();
        let ended = read_all(&mut stream).await.expect_err("half a head has come");
        assert_eq!((ended.kind(), begun.elapsed().as_secs()), (io::ErrorKind::TimedOut, TIMEOUT.as_secs()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_comes_ends_as_an_idle_one() {
        let (_peer, end) = duplex(1 << 20);
        let mut stream = Heads::default().within_limits(end, room().await);
        let begun = Instant::now();
        let ended = read_all(&mut stream).await.expect_err("nothing has come");
        assert_eq!(
            (ended.kind(), begun.elapsed().as_secs()),
            (io::ErrorKind::TimedOut, IDLE_TIMEOUT.as_secs())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_all_the_time_that_its_call_gives_it() {
        let (mut peer, end) = duplex(1 << 20);
        let room = room().await;
        let mut stream = Heads::default().within_limits(end, room.clone());
        peer.write_all(format!("{HEAD}content-length: 9\r\n\r\nab").as_bytes()).await.expect("room");
        read_all(&mut stream).await.expect("a whole head has come");
        let call = room.busy(true);
        peer.write_all(b"cd").await.expect("room");
        read_all(&mut stream).await.expect("a body is on its way");
        drop(call);
    }

    #[tokio::test(start_paused = true)]
    async fn large_heads_share_what_there_is() {
        let heads = Heads::default();
        let large = "a".repeat(64 * 1024);
        let (mut open, mut ended) = (Vec::new(), 0);
        for _ in 0..200 {
            let (mut peer, end) = duplex(1 << 20);
            let mut stream = heads.within_limits(end, room().await);
            peer.write_all(format!("{HEAD}x: {large}").as_bytes()).await.expect("room");
            let mut piece = vec![0; 1 << 20];
            let all = async {
                while stream.read(&mut piece).await? > 0 {}
                io::Result::Ok(())
            };
            match timeout(Duration::from_millis(1), all).await {
                Err(_) => open.push((peer, stream)),
                Ok(read) => {
                    assert_eq!(read.expect_err("the peer is still there").kind(), io::ErrorKind::OutOfMemory);
                    ended += 1;
                }
            }
        }
        let each = 64 * 1024 + HEAD.len() + 3 - FREE_BYTES;
        assert_eq!(open.len(), MEMORY_BYTES / each.next_multiple_of(1024));
        assert_eq!(ended, 200 - open.len());
        // Small ones need none of it.
        let (mut peer, end) = duplex(1 << 20);
        let mut stream = heads.within_limits(end, room().await);
        peer.write_all(format!("{HEAD}x: {}\r\n\r\n", &large[..FREE_BYTES - 100]).as_bytes())
            .await
            .expect("room");
        read_all(&mut stream).await.expect("a whole head has come");
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_head_ends_for_another_connection() {
        let capacity = Capacity::new(1);
        let room = Arc::new(capacity.room().await);
        let (mut peer, end) = duplex(1 << 20);
        let mut stream = Heads::default().within_limits(end, room.clone());
        peer.write_all(HEAD.as_bytes()).await.expect("room");
        assert_ne!(stream.read(&mut [0; 100]).await.expect("half a head"), 0);
        let new = tokio::spawn(async move { capacity.room().await });
        room.is_wanted().await;
        let ended = stream.read(&mut [0; 100]).await.expect_err("there is no room for it");
        assert_eq!(ended.kind(), io::ErrorKind::ConnectionAborted);
        drop((stream, room));
        new.await.expect("there is room");
    }
}

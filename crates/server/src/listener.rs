//! Accepts connections and serves requests on them, within limits, until stopped.

mod age;
mod answer;
mod capacity;
mod connection;
mod ending;
mod handshake;
mod heads;
mod pace;
mod peers;
mod stalled;

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use age::Age;
pub(crate) use answer::Answers;
pub(crate) use capacity::Capacity;
use connection::Each;
use heads::Heads;
use peers::Peers;

/// What connections are held to. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) age: Age,
    pub(crate) answers: Answers,
    pub(crate) capacity: Capacity,
}

/// A bound address that nobody is served at yet.
pub(crate) struct Listener {
    tcp: TcpListener,
    protocol: Protocol,
    tls: Option<tls::Server>,
}

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/2; a request of HTTP/1.1 is refused with that message.
    Grpc,
    /// HTTP/1.1 or HTTP/2.
    Rest,
}

/// Streams that one connection may have open at once.
const MAX_CONCURRENT_STREAMS: u32 = 200;

/// Streams of one connection that may have been reset before it is closed as hostile: by the server for what is wrong
/// with them, and by the peer before they were looked at. A gateway resets a stream for each of its callers that hangs
/// up, so the usual 20 of the latter would let a few of them cost all others the connection.
const MAX_RESET_STREAMS: usize = 1024;

/// What is kept of a stream of HTTP/2 for a peer that does not take it, in bytes. A thousand watchers that never read would
/// otherwise take 400 MB. Less than two of the pieces in which answers go out, and each would wait for the one before.
const MAX_SEND_BUFFER_BYTES: usize = 32 * 1024;

/// The same of a connection of HTTP/1.1, where requests' heads have to fit too.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// Beyond this many bytes, a request's head over HTTP/2 is answered with a bare 431, as it is over HTTP/1.1 beyond the buffer.
/// The services' own limit is lower, and says why: [`wire::headers::MAX_HEADER_BYTES`].
const MAX_HEAD_BYTES: u32 = 64 * 1024;

/// How many headers HTTP/1.1 lets through, for the services to refuse what is beyond [`wire::headers::MAX_HEADERS`] with a
/// reason; over HTTP/2 their size is all that is bounded. Beyond it the answer is a bare 431.
const MAX_HEADERS_READ: usize = 2 * wire::headers::MAX_HEADERS;

/// How long a connection may be idle that speaks HTTP/1.1, or has said nothing yet (see [`heads`]): longer than load
/// balancers keep theirs, which is a minute, or they would send requests into connections that are just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// How much a peer may send of one stream before any of it is looked at, in bytes. Too little, and large requests over long
/// distances wait for each answer; too much, and what nobody has read yet takes memory.
const STREAM_WINDOW_BYTES: u32 = 32 * 1024;

/// The same of a connection. HTTP/2's library closes one whose frames that wait are small and many: each below 256 bytes counts
/// as what it lacks, and together they may come to half of this. So it is more than several windows of such streams as a
/// client makes who sends its updates one after the other without waiting: 32 KiB of updates of 60 bytes come to 105 KiB.
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// After how long without a word an HTTP/2 peer is asked whether it is still there.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// How long to wait before accepting again when the process has no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Listener {
    /// Binds an address such as `127.0.0.1:8080`.
    pub(crate) async fn bind(address: &str, protocol: Protocol) -> std::io::Result<Self> {
        Ok(Self { tcp: TcpListener::bind(address).await?, protocol, tls: None })
    }

    /// Serves over TLS, if there is some.
    pub(crate) fn over(self, tls: Option<tls::Server>) -> Self {
        Self { tls, ..self }
    }

    /// The address that was bound, with the port that was taken for port 0.
    pub(crate) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves until `stopping`. Then takes no more connections, asks those that are open to finish, and returns once
    /// they have, or after `drain_timeout`.
    pub(crate) async fn serve(
        self,
        routes: Router,
        bounds: Bounds,
        stopping: CancellationToken,
        drain_timeout: Duration,
    ) {
        let (connections, peers) = (TaskTracker::new(), Peers::default());
        let (Self { tcp, protocol, tls }, Bounds { age, answers, capacity }) = (self, bounds);
        let heads = Heads::default();
        let each =
            Each { builder: Protocol::builder(), routes, tls, age, answers, capacity, heads, stopping };
        let begin = |stream, address: SocketAddr, room| {
            connections.spawn(each.serve((stream, address, peers.at(address.ip())), room));
        };
        loop {
            let accepted = tokio::select! {
                biased;
                () = each.stopping.cancelled() => break,
                accepted = tcp.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    // Nobody else is accepted meanwhile. One that was is served also if the process stops by then.
                    let room = tokio::select! {
                        room = each.capacity.room() => Some(room),
                        () = each.stopping.cancelled() => None,
                    };
                    begin(stream, address, room);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        for (stream, address) in queued(tcp) {
            begin(stream, address, None);
        }
        connections.close();
        if tokio::time::timeout(drain_timeout, connections.wait()).await.is_err() {
            tracing::warn!(?protocol, "some connections did not finish in time");
        }
    }
}

/// The connections that the system has made with peers and that were not accepted: closed with the listener, they would be
/// reset.
fn queued(tcp: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    let tcp = tcp.into_std();
    std::iter::from_fn(move || {
        // It does not block: at the end of the queue it fails.
        let (stream, address) = tcp.as_ref().ok()?.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, address))
    })
}

impl Protocol {
    fn builder() -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE_TIMEOUT)
            .max_headers(MAX_HEADERS_READ)
            .max_buf_size(MAX_BUFFER_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
            .max_header_list_size(MAX_HEAD_BYTES)
            .max_send_buf_size(MAX_SEND_BUFFER_BYTES)
            .max_local_error_reset_streams(MAX_RESET_STREAMS)
            .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
            .keep_alive_interval(KEEP_ALIVE_INTERVAL);
        builder
    }
}

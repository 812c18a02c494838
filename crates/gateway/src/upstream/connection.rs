//! Connections to a service at an address.
//!
//! One that is open may have a peer that is gone without a word: a machine that lost its power, a NAT that forgot. What is
//! sent on it then waits for ever. So it is asked with pings, and given up when it does not answer; the next call makes
//! another one.

use std::{error::Error, fmt, io, time::Duration};

use http::Uri;
use hyper_util::rt::TokioIo;
use tls::{Client, ClientStream as TlsStream};
use tokio::{net::TcpStream, time::timeout};
use tonic::{
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use super::{Transport, message::Message};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// After how long without a word the peer of a connection is asked, and how long it may take to answer. All calls share
/// one connection, and those under way on it are lost with it.
const PING_INTERVAL: Duration = Duration::from_secs(2);
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// The same for a watch, which has a connection of its own, and of which there are thousands.
const WATCH_PING_INTERVAL: Duration = Duration::from_secs(10);

/// How much of a watch is on its way to a caller that does not read, in bytes.
const WATCH_WINDOW_BYTES: u32 = 64 * 1024;

/// How connections of one kind are made.
#[derive(Clone)]
pub(super) struct Connector {
    endpoint: Endpoint,
    tls: Option<Client>,
}

impl Connector {
    /// For the connection of all calls.
    pub(super) fn for_calls(address: &Uri, tls: Option<Client>) -> Self {
        let endpoint = Endpoint::from(address.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .keep_alive_while_idle(true);
        Self { endpoint, tls }
    }

    /// For the connection of one watch.
    pub(super) fn for_watch(address: &Uri, tls: Option<Client>) -> Self {
        let Self { endpoint, tls } = Self::for_calls(address, tls);
        let endpoint = endpoint
            .http2_keep_alive_interval(WATCH_PING_INTERVAL)
            .initial_stream_window_size(WATCH_WINDOW_BYTES)
            .initial_connection_window_size(WATCH_WINDOW_BYTES);
        Self { endpoint, tls }
    }

    /// Connects when first called, and again when the connection is lost.
    pub(super) fn connect(&self) -> Transport {
        let channel = match &self.tls {
            None => self.endpoint.connect_lazy(),
            Some(tls) => self.endpoint.connect_with_connector_lazy(over(tls.clone())),
        };
        call_by(channel)
    }
}

/// How often a call is begun that its connection has not taken: each time on another connection.
const ATTEMPTS: usize = 4;

fn call_by(channel: Channel) -> Transport {
    BoxCloneSyncService::new(tower::service_fn(move |request: http::Request<Body>| {
        let mut channel = channel.clone();
        async move {
            let (head, message) = request.into_parts();
            let message = Message::new(message);
            let mut attempts = 1;
            loop {
                let request = http::Request::from_parts(head.clone(), Body::new(message.again()));
                let answer = async { channel.ready().await?.call(request).await };
                let cause = match answer.await {
                    Ok(answer) => return Ok(answer),
                    Err(cause) => cause,
                };
                let may_be_known = message.is_begun() && !is_refused(&cause);
                if may_be_known || attempts == ATTEMPTS || !is_left(&cause) {
                    return Err(Lost { may_be_known, cause: cause.into() });
                }
                attempts += 1;
            }
        }
    }))
}

/// What connects over TLS, with the files' contents of that moment.
fn over(
    tls: Client,
) -> impl Service<Uri, Response = Secured, Error = io::Error, Future: Send> + Send + 'static {
    tower::service_fn(move |service: Uri| {
        let tls = tls.clone();
        let connect = async move {
            // Without a port or a host there would be no address to begin with.
            let (host, port) = (service.host().unwrap_or_default(), service.port_u16().unwrap_or_default());
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(tls.connect(host, stream).await?))
        };
        async {
            timeout(CONNECT_TIMEOUT, connect).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        }
    })
}

type Secured = TokioIo<TlsStream<TcpStream>>;

/// Whether the peer has said that it has done nothing for a call, and will not: by the reset that means this (RFC 9113, 8.7), or
/// by the end of a connection that names an earlier call as the last one (6.8), with which h2 fails only the later ones.
fn is_refused(cause: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(cause), |&cause| cause.source());
    causes.find_map(|cause| cause.downcast_ref::<h2::Error>()).is_some_and(|error| {
        let is_reset = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (is_reset || error.is_go_away())
    })
}

/// Whether a connection has ended without taking a call that was handed to it, as its peer may have it do at any time: before any
/// of the call was sent, or by saying that an earlier one was the last. The libraries leave it to their caller to try again.
fn is_left(cause: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(cause), |&cause| cause.source());
    causes.any(|cause| {
        cause.downcast_ref().is_some_and(hyper::Error::is_canceled)
            || cause.downcast_ref().is_some_and(|error: &h2::Error| error.is_remote() && error.is_go_away())
    })
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) struct Lost {
    may_be_known: bool,
    cause: Box<dyn Error + Send + Sync>,
}

impl Lost {
    /// Whether the service may have done anything for the call: if something of it was sent, and not refused.
    pub(super) fn may_be_known(&self) -> bool {
        self.may_be_known
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = if self.may_be_known { "sent" } else { "never sent, or refused," };
        write!(f, "a call was {sent} and not answered")
    }
}

impl Error for Lost {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

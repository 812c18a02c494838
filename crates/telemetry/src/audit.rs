//! The audit log: which calls were refused for who makes them, and who may call from now on. Its lines have a target of their
//! own, [`TARGET`], so that they can be routed apart from all others.
//!
//! Whoever is refused may come back ten thousand times. So lines are bounded, for one caller and for all, and what was left out
//! is counted; and a call that is refused has no other line.

mod limit;

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    sync::{LazyLock, Mutex, PoisonError},
    time::Instant,
};

use http::Request;
use limit::{Limit, WINDOW};

use crate::call::Port;

/// The target of its lines.
pub const TARGET: &str = "channel_sessions_audit";

/// From where a request came: an extension of the request, by the listener. Behind a proxy it is the proxy's address.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// An extension of an answer that refuses a call: there is a line of it already.
#[derive(Debug, Clone, Copy)]
pub struct Audited;

/// Who was refused, as far as that is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Who<'a> {
    /// Whose sessions it would see.
    pub tenant: Option<&'a str>,
    /// Who it is.
    pub requester: Option<&'a str>,
}

static LIMIT: LazyLock<Mutex<Limit>> = LazyLock::new(|| Mutex::new(Limit::new(Instant::now())));

/// Says that a call was refused, and why, which its caller does not learn. Never with anything that it showed.
pub fn refused<B>(port: Port, request: &Request<B>, who: Who<'_>, why: &dyn Display) {
    let peer = request.extensions().get::<Peer>().map(|Peer(address)| *address);
    if is_let_through(peer.map(|address| address.ip().to_canonical()), who) {
        let Who { tenant, requester } = who;
        let (call, peer) = (port.name(request), peer.map(tracing::field::display));
        tracing::warn!(target: TARGET, call, peer, tenant, requester, %why, "a call was refused");
    }
}

/// Says that a connection was refused before its first call, and why: its peer could not agree upon TLS with the service, or has
/// shown no certificate that is trusted.
pub fn refused_connection(peer: SocketAddr, why: &dyn Display) {
    if is_let_through(Some(peer.ip().to_canonical()), Who::default()) {
        tracing::warn!(target: TARGET, %peer, %why, "a connection was refused");
    }
}

/// Whether there is room for another line.
fn is_let_through(peer: Option<IpAddr>, who: Who<'_>) -> bool {
    let now = Instant::now();
    let mut limit = LIMIT.lock().unwrap_or_else(PoisonError::into_inner);
    let left_out = limit.begin(now);
    let is_fine = limit.take((peer, who.tenant, who.requester));
    let is_first = !is_fine && limit.left_out() == 1;
    drop(limit);
    count(left_out);
    // Nobody may be refused any more who would bring the count along.
    if is_first && let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async {
            tokio::time::sleep(WINDOW).await;
            let left_out = LIMIT.lock().unwrap_or_else(PoisonError::into_inner).begin(Instant::now());
            count(left_out);
        });
    }
    is_fine
}

fn count(left_out: u64) {
    if left_out > 0 {
        tracing::warn!(target: TARGET, left_out, "more calls were refused, which have no lines of their own");
    }
}

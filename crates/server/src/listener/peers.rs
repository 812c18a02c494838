//! What peers have called off lately, by address: whoever comes back on another connection is still the same.
//!
//! Callers behind a proxy have one address together, so it is not held against a connection that what it calls is mostly
//! answered: see [`super::pace`].

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Peers that are remembered. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Peers(Arc<Mutex<HashMap<IpAddr, Peer>>>);

/// A peer: when all is forgotten that it has called off. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Peer(Arc<Mutex<Instant>>);

/// How soon a call is forgotten that was called off: so many of them a second cost a peer nothing.
const EACH: Duration = Duration::from_millis(5);

/// As many as come to this may be called off at once: a thousand, as when a proxy is closed, or a store answers nobody in
/// time.
const FREE: Duration = Duration::from_secs(5);

/// What is remembered at most, and so the longest that a connection is not read.
const MOST: Duration = Duration::from_secs(6);

/// How many addresses are remembered.
const MAX_PEERS: usize = 4096;

impl Peers {
    /// The peer with this address.
    pub(super) fn at(&self, address: IpAddr) -> Peer {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = network(address);
        if peers.len() >= MAX_PEERS && !peers.contains_key(&address) {
            peers.retain(|_, peer| Arc::strong_count(&peer.0) > 1 || peer.forgotten() > Instant::now());
            if peers.len() >= MAX_PEERS {
                // It is remembered for as long as its connection lasts.
                return Peer::default();
            }
        }
        peers.entry(address).or_default().clone()
    }
}

/// Whoever has one address of IPv6 has all that begin with the same eight bytes.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        IpAddr::V4(address) => address.into(),
    }
}

impl Default for Peer {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Peer {
    /// Says that it has called off a call.
    pub(super) fn called_off(&self) {
        let now = Instant::now();
        let mut forgotten = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten = ((*forgotten).max(now) + EACH).min(now + MOST);
    }

    /// Until when it is not listened to, if it has called off too much.
    pub(super) fn paused(&self) -> Option<Instant> {
        let until = self.forgotten().checked_sub(FREE)?;
        (until > Instant::now()).then_some(until)
    }

    fn forgotten(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_comes_back_is_the_same_one() {
        let peers = Peers::default();
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let first = peers.at(address("2001:db8::1"));
        for _ in 0..FREE.as_millis() / EACH.as_millis() {
            first.called_off();
        }
        assert_eq!(first.paused(), None);
        for _ in 0..100_000 {
            first.called_off();
        }
        drop(first);
        let until = peers.at(address("2001:db8::2")).paused().expect("too much was called off");
        assert!(until <= Instant::now() + (MOST - FREE));
        for other in ["2001:db8:0:1::1", "192.0.2.1", "192.0.2.2"] {
            assert_eq!(peers.at(address(other)).paused(), None, "{other}");
        }
    }

    #[test]
    fn no_more_peers_are_remembered_than_there_is_room_for() {
        let peers = Peers::default();
        let address = |at: usize| IpAddr::from(u32::try_from(at).expect("a small number").to_be_bytes());
        let hostile = peers.at(address(0));
        for _ in 0..100_000 {
            hostile.called_off();
        }
        drop(hostile);
        for at in 1..2 * MAX_PEERS {
            peers.at(address(at));
        }
        assert!(peers.0.lock().expect("whole").len() <= MAX_PEERS);
        assert!(peers.at(address(0)).paused().is_some());
    }
}

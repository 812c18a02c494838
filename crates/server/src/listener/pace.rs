//! A peer that calls off what it asks for is served more slowly, by as little as it does itself.
//!
//! Guards that close such a connection forget who came: the peer comes back and goes on. Here what it begins waits for a
//! moment on its own connection, so that most of it is called off before it has cost anything. Where it calls off much, on
//! however many connections, they are not read for a while either. Callers on other connections see nothing of it, and
//! neither does a proxy whose callers hang up now and then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::peers::Peer;

/// How many calls a connection may begin at once. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    left: Arc<AtomicUsize>,
    peer: Peer,
}

/// A call that has begun: called off, if it is dropped before its answer.
pub(super) struct Paced {
    pace: Pace,
    is_answered: bool,
}

/// What a new connection has, unless its peer has called off too much elsewhere. Each call takes one, and each answer
/// brings some: so whoever waits for answers soon has more than there can be calls at once, and whoever calls everything
/// off has none.
const FIRST: usize = 32;
const EACH_ANSWER: usize = 2;
const MOST: usize = 2 * super::MAX_CONCURRENT_STREAMS as usize;

/// How long a call waits for which there is none left. Too short, and it has cost something before it is called off; too
/// long, and whoever shares the connection waits.
const WAIT: Duration = Duration::from_millis(20);

impl Pace {
    /// That of a new connection of a peer.
    pub(super) fn new(peer: Peer) -> Self {
        let left = if peer.paused().is_some() { 0 } else { FIRST };
        Self { left: Arc::new(AtomicUsize::new(left)), peer }
    }

    /// Until when the connection is not to be read, if that is so.
    pub(super) fn paused(&self) -> Option<Instant> {
        if self.left.load(Ordering::Relaxed) > 0 { None } else { self.peer.paused() }
    }

    /// Begins a call, and says how long it has to wait before anything is done for it.
    pub(super) fn begin(&self) -> (Paced, Option<Duration>) {
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        (Paced { pace: self.clone(), is_answered: false }, taken.is_err().then_some(WAIT))
    }
}

impl Paced {
    /// Says that the call's answer has begun.
    pub(super) fn answered(mut self) {
        let more = |left: usize| Some((left + EACH_ANSWER).min(MOST));
        let _ = self.pace.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        self.is_answered = true;
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        if !self.is_answered {
            self.pace.peer.called_off();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_everything_off_waits_and_who_waits_for_answers_does_not() {
        let pace = Pace::new(Peer::default());
        for _ in 0..FIRST {
            assert_eq!(pace.begin().1, None);
        }
        let (call, wait) = pace.begin();
        assert_eq!(wait, Some(WAIT));
        call.answered();
        for _ in 0..MOST {
            let (call, wait) = pace.begin();
            assert_eq!(wait, None);
            call.answered();
        }
        let calls: Vec<_> = (0..MOST).map(|_| pace.begin()).collect();
        assert!(calls.iter().all(|(_, wait)| wait.is_none()));
    }

    #[test]
    fn who_calls_much_off_is_not_read_and_others_at_its_address_are() {
        let peer = Peer::default();
        let (hostile, good) = (Pace::new(peer.clone()), Pace::new(peer.clone()));
        good.begin().0.answered();
        for _ in 0..10_000 {
            hostile.begin();
        }
        assert!(hostile.paused().is_some());
        assert!(Pace::new(peer).paused().is_some(), "it comes back");
        assert_eq!(good.paused(), None);
    }
}

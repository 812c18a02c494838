//! A peer that calls off what it asks for is served more slowly, by as little as it does itself.
//!
//! Guards that close such a connection forget who came: the peer comes back and goes on. Here what it begins waits for a
//! moment on its own connection, so that most of it is called off before it has cost anything. Callers on other connections
//! see nothing of it, and neither does a proxy whose callers hang up now and then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How many calls a connection may begin at once. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Pace(Arc<AtomicUsize>);

/// A call that has begun.
pub(super) struct Paced(Pace);

/// What a new connection has. Each call takes one, and each answer brings some: so whoever waits for answers soon has more
/// than there can be calls at once, and whoever calls everything off has none.
const FIRST: usize = 32;
const EACH_ANSWER: usize = 2;
const MOST: usize = 2 * super::MAX_CONCURRENT_STREAMS as usize;

/// How long a call waits for which there is none left. Too short, and it has cost something before it is called off; too
/// long, and whoever shares the connection waits.
const WAIT: Duration = Duration::from_millis(20);

impl Default for Pace {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(FIRST)))
    }
}

impl Pace {
    /// Begins a call, and says how long it has to wait before anything is done for it.
    pub(super) fn begin(&self) -> (Paced, Option<Duration>) {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        (Paced(self.clone()), taken.is_err().then_some(WAIT))
    }
}

impl Paced {
    /// Says that the call's answer has begun.
    pub(super) fn answered(self) {
        let more = |left: usize| Some((left + EACH_ANSWER).min(MOST));
        let _ = self.0.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_everything_off_waits_and_who_waits_for_answers_does_not() {
        let pace = Pace::default();
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
}

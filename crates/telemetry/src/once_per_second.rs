//! What is said once a second at most, however often there is reason to.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// When it was said last.
pub(crate) struct OncePerSecond(Mutex<Option<Instant>>);

const SECOND: Duration = Duration::from_secs(1);

impl OncePerSecond {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether it is to be said now, which counts as saying it.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&self, now: Instant) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.is_none_or(|said| now.saturating_duration_since(said) >= SECOND);
        if is_due {
            *said = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_at_once_and_again_after_a_second() {
        let (once, begun) = (OncePerSecond::new(), Instant::now());
        let said =
            [0, 1, 999, 1000, 1001, 1999, 2500].map(|at| once.is_due_at(begun + Duration::from_millis(at)));
        assert_eq!(said, [true, false, false, true, false, false, true]);
    }
}

//! One caller's wait for one write: who may still call it off, and until when.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use crate::error::{Error, Outcome};

/// Shared by the side that waits for a write and the side that makes it.
///
/// A write that has been sent runs to its end even if nobody waits for it any longer. So the two sides agree here: either
/// the waiting side gives up first, and then the write is never sent, or the write is sent first, and then whoever gives
/// up is told that the outcome is unknown. A write that has to be sent again is not, once somebody was told so.
#[derive(Debug, Clone, Default)]
pub struct Attempt(Arc<AtomicU8>);

const WAITING: u8 = 0;
const SENT: u8 = 1;
const GIVEN_UP: u8 = 2;
const GIVEN_UP_AFTER_SENT: u8 = 3;

impl Attempt {
    /// An attempt that somebody waits for and that has not been sent.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the write goes to the database now. To be called right before, once a connection is at hand. A
    /// repeat is allowed, for a store that has to send a write again.
    ///
    /// # Errors
    /// [`Error::DeadlineExceeded`] if the caller has given up: then the write must not be sent.
    pub fn send(&self) -> Result<(), Error> {
        match self.0.compare_exchange(WAITING, SENT, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) | Err(SENT) => Ok(()),
            Err(_) => Err(Error::DeadlineExceeded(Outcome::NotApplied)),
        }
    }

    /// Whether somebody waits, for work that changes nothing: there is no use in going on with it otherwise.
    ///
    /// # Errors
    /// [`Error::DeadlineExceeded`] if the caller has given up.
    pub fn is_awaited(&self) -> Result<(), Error> {
        match self.0.load(Ordering::Acquire) {
            GIVEN_UP => Err(Error::DeadlineExceeded(Outcome::NotApplied)),
            _ => Ok(()),
        }
    }

    /// Says that nobody waits any longer, and returns what may be told of the write.
    #[must_use = "the caller has to be told whether the write may have been made"]
    pub fn give_up(&self) -> Outcome {
        let given_up = |state| match state {
            WAITING => Some(GIVEN_UP),
            SENT => Some(GIVEN_UP_AFTER_SENT),
            _ => None,
        };
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, given_up) {
            Ok(WAITING) | Err(GIVEN_UP) => Outcome::NotApplied,
            Ok(_) | Err(_) => Outcome::Unknown,
        }
    }

    /// Whether nobody waits any longer.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        matches!(self.0.load(Ordering::Acquire), GIVEN_UP | GIVEN_UP_AFTER_SENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_was_given_up_is_never_sent() {
        let attempt = Attempt::new();
        assert!(attempt.is_awaited().is_ok());
        assert_eq!(attempt.give_up(), Outcome::NotApplied);
        assert!(attempt.is_abandoned());
        assert!(attempt.clone().send().is_err());
        assert!(attempt.is_awaited().is_err());
    }

    #[test]
    fn a_write_that_was_sent_has_an_unknown_outcome_and_is_not_sent_again() {
        let attempt = Attempt::new();
        assert!(attempt.clone().send().is_ok());
        assert!(attempt.send().is_ok());
        assert!(!attempt.is_abandoned());
        assert_eq!(attempt.give_up(), Outcome::Unknown);
        assert_eq!(attempt.give_up(), Outcome::Unknown);
        assert!(attempt.is_abandoned());
        assert!(attempt.send().is_err());
    }
}

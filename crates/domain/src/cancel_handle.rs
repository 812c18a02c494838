//! The cancel handle of one caller's command: until the commit point the command can be cancelled, afterwards its outcome
//! is unknown to a caller that stops waiting.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use crate::error::{Error, Outcome};

/// Shared by the side that waits for a write and the side that makes it.
///
/// A write that has been sent to the database runs to its end even if nobody waits for it any longer. So the two sides
/// agree here on what came first. If the command was cancelled before the commit point, the write is never sent. If it
/// passed the commit point first, whoever cancels it gets `Outcome::Unknown`. A write that has to be sent again is not,
/// once somebody got that.
#[derive(Debug, Clone, Default)]
pub struct CancelHandle(Arc<AtomicU8>);

const PENDING: u8 = 0;
const COMMITTING: u8 = 1;
const CANCELLED: u8 = 2;
const CANCELLED_WHILE_COMMITTING: u8 = 3;

impl CancelHandle {
    /// The handle of a command that somebody waits for and that has not passed the commit point.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the write goes to the database now: the point of no return. To be called right before, once a connection is
    /// at hand. A repeat is allowed, for a store that has to send a write again.
    ///
    /// # Errors
    /// [`Error::DeadlineExceeded`] if the command was cancelled: then the write must not be sent.
    pub fn pass_commit_point(&self) -> Result<(), Error> {
        match self.0.compare_exchange(PENDING, COMMITTING, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) | Err(COMMITTING) => Ok(()),
            Err(_) => Err(Error::DeadlineExceeded(Outcome::NotApplied)),
        }
    }

    /// Takes the commit point back: nothing was sent after all, and nothing that was sent before took effect. Whoever has
    /// cancelled the command in between was answered with an unknown outcome, and it stays cancelled.
    pub fn retract_commit_point(&self) {
        // A command that was cancelled keeps its state.
        let _ = self.0.compare_exchange(COMMITTING, PENDING, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Says that nobody waits any longer, and returns what is known of the write.
    #[must_use = "the caller has to learn whether the write may have been made"]
    pub fn cancel(&self) -> Outcome {
        let cancelled = |state| match state {
            PENDING => Some(CANCELLED),
            COMMITTING => Some(CANCELLED_WHILE_COMMITTING),
            _ => None,
        };
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, cancelled) {
            Ok(PENDING) | Err(CANCELLED) => Outcome::NotApplied,
            Ok(_) | Err(_) => Outcome::Unknown,
        }
    }

    /// Whether nobody waits any longer.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.load(Ordering::Acquire), CANCELLED | CANCELLED_WHILE_COMMITTING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_was_cancelled_never_passes_the_commit_point() {
        let handle = CancelHandle::new();
        assert_eq!(handle.cancel(), Outcome::NotApplied);
        assert!(handle.is_cancelled());
        assert!(handle.clone().pass_commit_point().is_err());
    }

    #[test]
    fn a_command_whose_commit_point_was_taken_back_can_be_cancelled_again() {
        let handle = CancelHandle::new();
        assert!(handle.pass_commit_point().is_ok());
        handle.retract_commit_point();
        assert_eq!(handle.cancel(), Outcome::NotApplied);
        handle.retract_commit_point();
        assert!(handle.pass_commit_point().is_err(), "a cancelled command stays so");

        let handle = CancelHandle::new();
        assert!(handle.pass_commit_point().is_ok());
        assert_eq!(handle.cancel(), Outcome::Unknown);
        handle.retract_commit_point();
        assert!(handle.pass_commit_point().is_err());
    }

    #[test]
    fn a_command_behind_the_commit_point_has_an_unknown_outcome_and_is_not_sent_again() {
        let handle = CancelHandle::new();
        assert!(handle.clone().pass_commit_point().is_ok());
        assert!(handle.pass_commit_point().is_ok());
        assert!(!handle.is_cancelled());
        assert_eq!(handle.cancel(), Outcome::Unknown);
        assert_eq!(handle.cancel(), Outcome::Unknown);
        assert!(handle.is_cancelled());
        assert!(handle.pass_commit_point().is_err());
    }
}

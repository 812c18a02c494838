//! For how long the store may fail to be read before a watch ends with its error.

use std::time::Duration;

use domain::Error;
use tokio::time::Instant;

/// How long to wait after a read that failed.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// For how long reads may fail before the watches end: they may do better at another instance, and know by then
/// that they get nothing.
const MAX_FAILING: Duration = Duration::from_secs(20);

/// How many reads may fail for what does not pass by itself, such as a right that is missing.
const MAX_DEFECTS: usize = 3;

/// The reads that have failed, one after the other.
#[derive(Default)]
pub(crate) struct Failures {
    since: Option<Instant>,
    defects: usize,
}

impl Failures {
    /// Takes note of how a read ended. Returns the error where it is time to end the watches with it.
    pub(crate) fn count<T>(&mut self, read: &Result<T, Error>) -> Option<Error> {
        let Err(error) = read else {
            *self = Self::default();
            return None;
        };
        if let Error::NotSupported(_) = error {
            // It does not pass, and is nobody's fault.
            return Some(error.clone());
        }
        if self.since.is_none() {
            tracing::warn!(?error, "events cannot be read; watchers wait");
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        self.defects += usize::from(matches!(error, Error::Internal(_)));
        (self.defects >= MAX_DEFECTS || since.elapsed() >= MAX_FAILING).then(|| error.clone())
    }
}

//! Times, as events have them. The domain has no clock: whoever calls it says when it is.

use std::time::{Duration, SystemTime};

/// A moment, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Takes milliseconds since the Unix epoch.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The milliseconds since the Unix epoch.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The moment so much earlier; the earliest there is where that would be before it.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The moment so much later; the latest there is where that would be behind it.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl From<SystemTime> for Timestamp {
    /// A clock that is set to before the epoch counts as just set to it.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_before_the_earliest_are_the_earliest() {
        let moment = Timestamp::from_millis(1_500);
        assert_eq!(moment.before(Duration::from_secs(2)).millis(), -500);
        assert_eq!(moment.before(Duration::MAX).millis(), 1_500 - i64::MAX);
        assert_eq!(Timestamp::from_millis(i64::MIN).before(Duration::from_secs(1)).millis(), i64::MIN);
    }

    #[test]
    fn a_clocks_time_is_cut_to_milliseconds_and_never_before_the_epoch() {
        let after = SystemTime::UNIX_EPOCH + Duration::from_micros(1_999);
        assert_eq!(Timestamp::from(after).millis(), 1);
        assert_eq!(Timestamp::from(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).millis(), 0);
    }
}

//! Calls that were answered, and what those within a stretch of time come to.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// A moment, in microseconds since the epoch: what this program and pgbench both know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn new(micros_since_epoch: u64) -> Self {
        Self(micros_since_epoch)
    }

    pub(crate) fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
    }
}

/// A call that was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// When it was answered.
    pub(crate) at: Moment,
    /// How long that took, in microseconds.
    pub(crate) micros: u32,
}

impl Call {
    /// A call that is answered now.
    pub(crate) fn answered(took: Duration) -> Self {
        Self { at: Moment::now(), micros: u32::try_from(took.as_micros()).unwrap_or(u32::MAX) }
    }
}

/// The stretch of a run that counts: everything is under full load and warm, from the first moment to the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: Moment,
    pub(crate) to: Moment,
}

impl Window {
    /// The calls that were answered within it.
    pub(crate) fn calls<'a>(&self, calls: &'a [Call]) -> impl Iterator<Item = &'a Call> {
        let Self { from, to } = *self;
        calls.iter().filter(move |call| from <= call.at && call.at < to)
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.to.0.saturating_sub(self.from.0) as f64 / 1e6
    }
}

/// How long calls took, in milliseconds: what so many percent of them did not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    #[serde(rename = "p99.9")]
    pub(crate) p99_9: f64,
}

impl Latency {
    /// Exact: the smallest time that so many of the calls did not exceed. None of no calls.
    pub(crate) fn of<'a>(calls: impl Iterator<Item = &'a Call>) -> Option<Self> {
        let mut micros: Vec<u32> = calls.map(|call| call.micros).collect();
        micros.sort_unstable();
        let within = |per_mille: usize| {
            let rank = (micros.len() * per_mille).div_ceil(1000).checked_sub(1)?;
            micros.get(rank).map(|micros| f64::from(*micros) / 1000.0)
        };
        Some(Self { p50: within(500)?, p99: within(990)?, p99_9: within(999)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(at: u64, micros: u32) -> Call {
        Call { at: Moment::new(at), micros }
    }

    #[test]
    fn percentiles_are_times_that_so_many_calls_did_not_exceed() {
        let latency = |count: u32| {
            // In no order.
            let calls: Vec<Call> = (0..count).map(|at| call(0, (at * 7919 % count + 1) * 1000)).collect();
            Latency::of(calls.iter())
        };
        let expected = |p50, p99, p99_9| Some(Latency { p50, p99, p99_9 });
        assert_eq!(latency(0), None);
        assert_eq!(latency(1), expected(1.0, 1.0, 1.0));
        assert_eq!(latency(2), expected(1.0, 2.0, 2.0));
        assert_eq!(latency(3), expected(2.0, 3.0, 3.0));
        assert_eq!(latency(100), expected(50.0, 99.0, 100.0));
        assert_eq!(latency(1000), expected(500.0, 990.0, 999.0));
    }

    #[test]
    fn a_window_has_the_calls_from_its_first_moment_until_before_its_last() {
        let calls = [call(9, 1), call(10, 2), call(29, 3), call(30, 4)];
        let window = Window { from: Moment::new(10), to: Moment::new(30) };
        assert_eq!(window.calls(&calls).map(|call| call.micros).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(window.seconds(), 20e-6);
    }
}

//! How many lines there may be: for one caller, so that others are still seen beside it, and for all.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
    time::{Duration, Instant},
};

/// For how long lines are counted together.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// How many lines one caller may have meanwhile: enough to see what it tries.
const MAX_LINES_OF_ONE: u32 = 10;

/// How many there may be meanwhile in all. Too few, and a flood hides others; too many, and it fills a disk: so many are up to
/// 200 MB a day.
const MAX_LINES: u32 = 50;

/// What has been written of late.
pub(super) struct Limit {
    since: Instant,
    lines: u32,
    /// Lines by their callers, of which there are as many as lines at most.
    of_one: HashMap<u64, u32>,
    left_out: u64,
    hasher: RandomState,
}

impl Limit {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, lines: 0, of_one: HashMap::new(), left_out: 0, hasher: RandomState::new() }
    }

    /// Begins again where it is time, and says how many lines were left out by then.
    pub(super) fn begin(&mut self, now: Instant) -> u64 {
        if now.duration_since(self.since) < WINDOW {
            return 0;
        }
        (self.since, self.lines) = (now, 0);
        self.of_one.clear();
        std::mem::take(&mut self.left_out)
    }

    /// Takes a line of a caller's, if there is one.
    pub(super) fn take(&mut self, caller: impl Hash) -> bool {
        let caller = self.hasher.hash_one(caller);
        let own = self.of_one.get(&caller).copied().unwrap_or_default();
        let is_fine = self.lines < MAX_LINES && own < MAX_LINES_OF_ONE;
        if is_fine {
            self.lines += 1;
            self.of_one.insert(caller, own + 1);
        } else {
            self.left_out += 1;
        }
        is_fine
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_hides_no_other_and_all_have_an_end() {
        let start = Instant::now();
        let mut limit = Limit::new(start);
        let flood = (0..10_000).filter(|_| limit.take("flood")).count();
        assert_eq!(flood, MAX_LINES_OF_ONE as usize);
        assert!(limit.take("another"));
        let crowd = (0..10_000).filter(|caller| limit.take(caller)).count();
        assert_eq!(crowd, (MAX_LINES - MAX_LINES_OF_ONE - 1) as usize);
        assert!(limit.of_one.len() <= MAX_LINES as usize);
        assert_eq!(limit.begin(start + WINDOW / 2), 0);
        let left_out = limit.left_out();
        assert_eq!(
            (limit.begin(start + WINDOW), left_out),
            (20_001 - u64::from(MAX_LINES), 20_001 - u64::from(MAX_LINES))
        );
        assert!(limit.take("flood"));
        assert_eq!(limit.left_out(), 0);
    }
}

//! How much of the cache others have made stale, and what is still worth assuming then.

/// The share of sessions that were found otherwise than the cache had them, among the last hundred or so.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Staleness(f32);

/// How much one session counts among those before it.
const WEIGHT: f32 = 1.0 / 64.0;

/// How likely all sessions of a round have to be as the cache has them. Then the round is one statement instead of two;
/// otherwise it is three.
const WORTH_ONE_STATEMENT: f32 = 0.5;

/// The same where other sessions have to be read in any case, so that only their rows are spared.
const WORTH_FEWER_ROWS: f32 = 0.95;

impl Staleness {
    /// A session of the cache was found, as the cache had it or stale.
    pub(super) fn note(&mut self, is_stale: bool) {
        self.0 += (f32::from(u8::from(is_stale)) - self.0) * WEIGHT;
    }

    /// Whether so many sessions should be assumed to be as the cache has them, in a round that reads others or none.
    pub(super) fn allows(self, sessions: usize, reads_others: bool) -> bool {
        let worth = if reads_others { WORTH_FEWER_ROWS } else { WORTH_ONE_STATEMENT };
        (1.0 - self.0).powf(sessions as f32) >= worth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(notes: impl IntoIterator<Item = bool>) -> Staleness {
        let mut staleness = Staleness::default();
        notes.into_iter().for_each(|is_stale| staleness.note(is_stale));
        staleness
    }

    #[test]
    fn where_nobody_else_writes_everything_is_assumed() {
        assert!(Staleness::default().allows(10_000, true));
        assert!(after([true, false, false]).allows(1, true), "one lost race is none");
    }

    #[test]
    fn where_most_is_stale_nothing_is_assumed_until_that_is_over() {
        let mostly = after((0..1000).map(|at| at % 3 > 0));
        assert!(!mostly.allows(1, false));
        let mut recovering = mostly;
        (0..300).for_each(|_| recovering.note(false));
        assert!(recovering.allows(1, true) && recovering.allows(32, false));
    }

    #[test]
    fn the_more_sessions_a_round_has_the_fewer_may_be_stale() {
        let some = after((0..1000).map(|at| at % 20 == 0));
        assert!(some.allows(2, false) && !some.allows(2, true) && !some.allows(64, false));
    }
}

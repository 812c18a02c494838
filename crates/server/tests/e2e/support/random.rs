//! Chance that comes out the same each time.

/// Pseudo-random numbers (SplitMix64), from a seed that is printed if the test fails.
pub(crate) struct Random {
    state: u64,
    /// Named by the one that others were made from.
    seed: Option<u64>,
}

impl Random {
    /// Begins with a seed, or with the one in the variable `TEST_SEED`, to try others.
    pub(crate) fn new(seed: u64) -> Self {
        let given = std::env::var("TEST_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or(seed);
        Self { state: seed, seed: Some(seed) }
    }

    /// Another one, for a task of its own.
    pub(crate) fn fork(&mut self) -> Self {
        Self { state: self.next(), seed: None }
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.next() % bound).unwrap()
    }

    /// True as often as said.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if let Some(seed) = self.seed.filter(|_| std::thread::panicking()) {
            eprintln!("the seed was {seed}: TEST_SEED={seed} tries the same again");
        }
    }
}

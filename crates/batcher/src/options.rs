//! How large batches are, how many there are, and who waits.

use std::time::Duration;

/// How large batches are, how many there are, and who waits.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many batches are in flight at once as long as none of them is slow. Too few, and the database waits for the
    /// service; too many, and batches are small.
    pub max_in_flight: usize,
    /// How many are in flight when some of them are slow.
    pub max_slow_in_flight: usize,
    /// How many more there are when some of them have stalled.
    pub max_stalled: usize,
    /// How many items have to wait before another batch is started beside one that is in flight and not slow. Too few, and
    /// batches are small; too many, and items wait for a batch while the database could do two.
    pub min_batch: usize,
    /// After how long a batch counts as slow: nobody waits for its end any longer.
    pub slow_after: Duration,
    /// After how long a batch counts as stalled: another one is started for it.
    pub stalled_after: Duration,
    /// How many items a batch has at most.
    pub max_batch: usize,
    /// How many of them may be of callers that submit many at a time. Too many, and single items wait for them; too few,
    /// and many items take many batches.
    pub max_bulk: usize,
    /// How many items a batch of large sessions has. Too many, and what they have in common with others, such as a store's one
    /// writer, is kept for long; too few, and each waits for a commit of its own.
    pub max_large: usize,
    /// Whether a batch is of one tenant. Tenants then take turns by batches instead of by items, and where many of them have
    /// little to do, a batch holds little.
    pub one_tenant: bool,
    /// How many items may wait. More are refused at once, before they would wait in vain.
    pub max_waiting: usize,
    /// How many of them may wait for one session that another batch has.
    pub max_waiting_for_session: usize,
    /// How many sessions that somebody else has locked are tried again at once. Each takes a connection.
    pub max_blocked_in_flight: usize,
    /// How long to wait before such a session is tried again.
    pub blocked_pause: Duration,
    /// How long an item may wait for such a session. Most callers have a sooner deadline of their own.
    pub max_blocked: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_in_flight: 2,
            max_slow_in_flight: 4,
            max_stalled: 4,
            min_batch: 24,
            slow_after: Duration::from_millis(10),
            stalled_after: Duration::from_millis(250),
            max_batch: 128,
            max_bulk: 32,
            max_large: 4,
            one_tenant: false,
            max_waiting: 16 * 1024,
            max_waiting_for_session: 2 * 1024,
            max_blocked_in_flight: 3,
            blocked_pause: Duration::from_millis(50),
            max_blocked: Duration::from_secs(30),
        }
    }
}

//! What calls may take of the process together: memory while they arrive, are worked on and are answered, the processors
//! beside those that serve the network, and the streams of a connection. And how tenants share all that: where a limit
//! refuses, by [one rule](is_fair); where it has callers wait, by [turns](Turns); and the processors by how many calls of each
//! are [at work](AtWork).
//!
//! One budget is handed to every transport, so that what one takes the others do not have. Knows no protocol.

mod arrivals;
mod at_work;
mod connection;
mod counted;
mod fair_share;
mod long_work;
mod memory;
mod permits;
mod turns;

pub use arrivals::Arrivals;
pub use at_work::AtWork;
pub use connection::{Connection, LongStream};
pub use counted::Counted;
pub use fair_share::is_fair;
pub use long_work::{IsLong, LONG_BYTES, LongWork, OffNetwork};
pub use memory::{Exhausted, FREE_BYTES, Memory, Share};
pub use permits::{NoPermit, Permit, Permits};
pub use turns::Turns;

/// How many requests may be on their way at once. Each takes some kilobytes, and what a request [has without
/// asking](FREE_BYTES). Too few, and callers on bad lines are refused when many come at once; too many, and those who never send
/// the rest of theirs take the memory of all others.
const MAX_ARRIVING: usize = 1024;

/// The limits of one process. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Budget {
    /// For requests: their bodies while they arrive, what those are when they are decompressed and decoded, and what is
    /// made of them.
    pub requests: Memory,
    /// For answers: what is kept for peers that have not taken it yet. Apart from requests, so that peers who take nothing
    /// keep no request out.
    pub answers: Memory,
    /// For events on their way to watches. Those wait for each other, and nobody else for them.
    pub events: Memory,
    /// For requests of which something is missing.
    pub arrivals: Arrivals,
    /// For what takes a processor longer than the network should wait.
    pub long_work: LongWork,
}

impl Budget {
    /// What all calls take together where a deployment says nothing else, in bytes: the least that works. The process
    /// takes more than twice as much, since a text is there several times while it is passed on, and connections have buffers
    /// beside the budget.
    pub const DEFAULT_BYTES: usize = Self::MIN_BYTES;

    /// The least that works, in bytes: each request that the limits allow has room where it comes alone. A document of two
    /// mebibytes can be a million parts, which take 48 MiB while it is read, and up to four of text, which are there three
    /// times: as body, message and text. Requests have five parts in eight.
    pub const MIN_BYTES: usize = 96 << 20;

    /// A budget of so much memory, of which requests have five parts in eight, answers two and events one.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let part = bytes / 8;
        Self {
            requests: Memory::new(5 * part),
            answers: Memory::new(2 * part),
            events: Memory::new(part),
            arrivals: Arrivals::new(MAX_ARRIVING),
            long_work: LongWork::default(),
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BYTES)
    }
}

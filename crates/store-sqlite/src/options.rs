//! What can be asked for of the store.

use domain::batch::SessionCache;

/// How the store uses its file.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many bytes the sessions take that were written last, whose next update needs no reading; 0 for none. Too few, and
    /// most updates read their session first; too many, and memory is taken for sessions that nobody writes any more.
    pub session_cache: usize,
    /// Whether the answers that idempotency records hold are kept with them. Otherwise they are rebuilt, for which events
    /// have to be kept as long as records.
    pub keeps_answers: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { session_cache: SessionCache::DEFAULT_BYTES, keeps_answers: false }
    }
}

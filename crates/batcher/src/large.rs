//! Which sessions are so large that their items keep others waiting: those are worked on apart.

use std::collections::HashSet;

use crate::queue::Key;

/// From what size on a session is large, in bytes. Too small, and sessions of the usual size share no commits; too large, and
/// a batch of small ones waits for some that take as long as all of it.
pub(crate) const LARGE_BYTES: usize = 128 * 1024;

/// The sessions that were large when they were last seen.
#[derive(Debug, Default)]
pub(crate) struct Large(HashSet<Key>);

/// How many are remembered. More are rare, and are then found out again.
const MAX_SESSIONS: usize = 16 * 1024;

impl Large {
    /// Whether a session is one of them.
    pub(crate) fn contains(&self, key: Key) -> bool {
        self.0.contains(&key)
    }

    /// Takes note of a session's size.
    pub(crate) fn saw(&mut self, key: Key, bytes: usize) {
        if bytes <= LARGE_BYTES {
            self.0.remove(&key);
        } else {
            if self.0.len() >= MAX_SESSIONS {
                self.0.clear();
            }
            self.0.insert(key);
        }
    }
}

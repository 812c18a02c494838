//! A session's version.

/// How often a session has been stored: 1 at first, one more for each change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(i64);

impl Revision {
    /// Before a session was ever stored.
    pub const NONE: Self = Self(0);
    /// What a new session begins with.
    pub const FIRST: Self = Self(1);

    /// Takes a revision from a store, which counts from 1.
    #[must_use]
    pub fn new(stored: i64) -> Self {
        Self(stored)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// What the next command makes of it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The entity tag, double quotes included (RFC 9110, section 8.8.3).
    #[must_use]
    pub fn etag(self) -> String {
        format!("\"{}\"", self.0)
    }
}

//! A channel session: its id, its revision, its document.

mod document;

use std::{fmt, sync::Arc};

use crate::{error::Error, violation::Violation};

pub use document::Document;
pub(crate) use document::List;
#[cfg(test)]
pub(crate) use document::document;

/// A session's id: opaque, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

impl Id {
    /// The longest id, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Takes an id from a request.
    ///
    /// # Errors
    /// [`Error::IdRequired`] if it is empty, [`Error::InvalidId`] if it is longer than [`Self::MAX_CHARS`], holds a
    /// control character, or is `.` or `..`, which HTTP clients drop from paths.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |rule, description: &str| {
            Err(Error::InvalidId(Violation::new("channel_session_id", rule, description)))
        };
        match text {
            "" => Err(Error::IdRequired),
            "." | ".." => invalid("not_dots", "a channel session id must be neither \".\" nor \"..\""),
            _ if text.chars().any(char::is_control) => {
                invalid("no_control_characters", "a channel session id must not hold control characters")
            }
            _ if text.chars().nth(Self::MAX_CHARS).is_some() => {
                invalid("length", "a channel session id must have 1 to 255 characters")
            }
            _ => Ok(Self(text.into())),
        }
    }

    /// The id as callers know it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    /// For messages, which travel in headers: a long id is cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_SHOWN_CHARS: usize = 64;
        match self.0.char_indices().nth(MAX_SHOWN_CHARS) {
            None => f.write_str(&self.0),
            Some((end, _)) => write!(f, "{}…", &self.0[..end]),
        }
    }
}

/// Who a session belongs to. Where callers do not have to say who they are, there is one tenant, the default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// The one of a deployment that has no other.
    #[must_use]
    pub fn only() -> Self {
        Self("default".into())
    }

    /// Takes a tenant's name from a store.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        Self(name.into())
    }

    /// The tenant's name, as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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

/// A session as a store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Id,
    /// Its revision.
    pub revision: Revision,
    /// Its document as JSON text, as the store gives it; white space and member order mean nothing.
    pub document: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_opaque() {
        for id in ["64e2f08a6155b317cd3f88fd", "GQLAJRxeLTC7rVOhclj79Q..", "a/b%2F c", "…", "💬", " ", "..."]
        {
            assert_eq!(Id::parse(id).expect(id).as_str(), id);
        }
        assert!(Id::parse(&"💬".repeat(255)).is_ok());
    }

    #[test]
    fn ids_that_break_the_rule_are_refused() {
        assert!(matches!(Id::parse(""), Err(Error::IdRequired)));
        for id in [".", "..", "a\nb", "\0", "\u{85}", &"x".repeat(256)] {
            assert!(matches!(Id::parse(id), Err(Error::InvalidId(_))), "{id:?}");
        }
    }
}

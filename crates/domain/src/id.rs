//! What a session goes by: its id, and whose it is.

use std::{fmt, sync::Arc};

use crate::violation::Violation;

/// A session's id: opaque, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

impl Id {
    /// The longest id, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Takes an id from a request.
    ///
    /// # Errors
    /// [`InvalidId::Missing`] if it is empty, [`InvalidId::Broken`] if it is longer than [`Self::MAX_CHARS`], holds a
    /// control character, or is `.` or `..`, which HTTP clients drop from paths.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = |rule, description: &str| {
            Err(InvalidId::Broken(Violation::new("channel_session_id", rule, description)))
        };
        match text {
            "" => Err(InvalidId::Missing),
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

/// Why a text is no session's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidId {
    /// It is empty.
    Missing,
    /// It breaks the rule.
    Broken(Violation),
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
        assert!(matches!(Id::parse(""), Err(InvalidId::Missing)));
        for id in [".", "..", "a\nb", "\0", "\u{85}", &"x".repeat(256)] {
            assert!(matches!(Id::parse(id), Err(InvalidId::Broken(_))), "{id:?}");
        }
    }
}

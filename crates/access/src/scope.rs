//! What a caller may do.

/// A kind of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Get, list, history, watch.
    Read,
    /// Update, create, end.
    Write,
    /// Delete.
    Delete,
}

/// Some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scope {
    const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Delete];

    /// Its name in tokens and in the credentials file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "channel-sessions:read",
            Self::Write => "channel-sessions:write",
            Self::Delete => "channel-sessions:delete",
        }
    }

    /// The scope of a name; none where it is a scope of something else.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Scopes {
    /// All of them.
    pub const ALL: Self = Self(0b111);

    /// Whether it is among them.
    #[must_use]
    pub fn allow(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_allows_itself_and_nothing_else() {
        for one in Scope::ALL {
            assert_eq!(Scope::parse(one.as_str()), Some(one));
            for other in Scope::ALL {
                assert_eq!(Scopes::from_iter([one]).allow(other), one == other);
            }
            assert!(Scopes::ALL.allow(one) && !Scopes::default().allow(one));
        }
        assert_eq!(Scopes::from_iter(Scope::ALL), Scopes::ALL);
        for name in ["", "read", "channel-sessions", "channel-sessions:READ", "channel-sessions:read "] {
            assert_eq!(Scope::parse(name), None, "{name:?}");
        }
    }
}

//! Who may call: from what a request shows to whose sessions it sees, in whose name, and what it may do with them.
//!
//! Knows no transport beyond the header that callers show, and nothing of sessions. Whatever is refused looks the same to
//! the caller; why it was is for the log.

pub mod credentials;
mod identity;
mod name;
pub mod oidc;
mod refusal;
mod scope;
mod shown;
pub mod watched;

use std::{fmt, sync::Arc};

use async_trait::async_trait;

pub use identity::{Identity, Validity};
pub use refusal::Refusal;
pub use scope::{Scope, Scopes};
pub use shown::Shown;

/// A way in which callers say who they are.
#[async_trait]
pub trait Method: Send + Sync + 'static {
    /// Who shows this; none where it is not of a kind that this method knows.
    async fn identify(&self, shown: &Shown<'_>) -> Option<Result<Identity, Refusal>>;
}

/// The ways in which callers of a deployment may say who they are. Clones are the same.
#[derive(Clone, Default)]
pub struct Access(Arc<[Box<dyn Method>]>);

impl Access {
    /// Nobody has to say who they are: all are one caller, who may do everything with the sessions of the only tenant.
    #[must_use]
    pub fn anybody() -> Self {
        Self::default()
    }

    /// Whoever calls has to be known by one of these.
    #[must_use]
    pub fn by(methods: Vec<Box<dyn Method>>) -> Self {
        Self(methods.into())
    }

    /// Whether callers have to say who they are.
    #[must_use]
    pub fn is_required(&self) -> bool {
        !self.0.is_empty()
    }

    /// Who calls.
    ///
    /// # Errors
    /// Why it is not known. The caller learns no more than that it is not.
    pub async fn authenticate(&self, shown: Result<Shown<'_>, Refusal>) -> Result<Identity, Refusal> {
        if !self.is_required() {
            return Ok(Identity::anybody());
        }
        let shown = shown?;
        for method in &*self.0 {
            if let Some(found) = method.identify(&shown).await {
                return found;
            }
        }
        Err(if shown.is_nothing() { Refusal::Nothing } else { Refusal::UnknownKind })
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Access").field(&self.0.len()).finish()
    }
}

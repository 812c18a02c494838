//! The cause of an error, for the log.

use std::{error::Error as StdError, fmt, sync::Arc};

use super::chain;

/// A cause that stays inside the service. Shared, since several items can fail for one cause.
#[derive(Debug, Clone)]
pub struct Source(Arc<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Source {
    fn from(cause: E) -> Self {
        Self(cause.into().into())
    }
}

impl Source {
    /// Whether this is the cause itself.
    pub(super) fn is<E: StdError + 'static>(&self) -> bool {
        self.0.is::<E>()
    }
}

impl fmt::Display for Source {
    /// With the whole [chain] of causes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(&*self.0))
    }
}

//! How the memory that an answer's body takes is counted.

use std::sync::Arc;

use crate::{Memory, Share};

/// Among a response's extensions: its body has its share already.
#[derive(Debug, Clone)]
pub struct Counted(By);

#[derive(Debug, Clone)]
enum By {
    Share(Arc<Share>),
    UntilSent(Arc<Share>),
    Itself,
    Yielding(Memory),
}

impl Counted {
    /// By a share that the body does not hold itself.
    #[must_use]
    pub fn by(share: Share) -> Self {
        Self(By::Share(Arc::new(share)))
    }

    /// By a share of what calls take while they are worked on, until the answer begins to go out: whoever waits for such
    /// memory does not wait for peers.
    #[must_use]
    pub fn until_sent(share: Share) -> Self {
        Self(By::UntilSent(Arc::new(share)))
    }

    /// Whether the body has no share any longer once it begins to go out.
    #[must_use]
    pub fn is_until_sent(&self) -> bool {
        matches!(self.0, By::UntilSent(_))
    }

    /// The same for a body that is made of that one and takes only so many bytes.
    #[must_use]
    pub fn shrunk(self, bytes: usize) -> Self {
        let shrunk = |share| match Arc::try_unwrap(share) {
            Ok(share) => Arc::new(Share::shrunk(share, bytes)),
            Err(shared) => shared,
        };
        match self.0 {
            By::Share(share) => Self(By::Share(shrunk(share))),
            By::UntilSent(share) => Self(By::UntilSent(shrunk(share))),
            by @ (By::Itself | By::Yielding(_)) => Self(by),
        }
    }

    /// By the body itself, which holds a share for each of its parts.
    #[must_use]
    pub fn by_itself() -> Self {
        Self(By::Itself)
    }

    /// The same for a body that loses nothing when it is cut, such as a watch, which goes on later from where it was: while
    /// others wait for this memory, it gives way to them.
    #[must_use]
    pub fn yielding(memory: &Memory) -> Self {
        Self(By::Yielding(memory.clone()))
    }

    /// Whether others wait for what the body holds, and it gives way to them.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        match &self.0 {
            By::Share(_) | By::UntilSent(_) | By::Itself => false,
            By::Yielding(memory) => memory.is_wanted(),
        }
    }
}

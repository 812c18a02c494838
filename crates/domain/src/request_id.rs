//! Request ids: what makes a retry of a change safe.

use std::{fmt, sync::Arc};

use sha2::{Digest as _, Sha256};

use crate::{revision::Revision, time::Timestamp, violation::Violation};

/// A caller's name for one change of one session: sent again with the same content, the change is made once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The longest request id, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Takes a request id from a call.
    ///
    /// # Errors
    /// The rule that it breaks, unless it has 1 to 128 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if (1..=Self::MAX_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.into()));
        }
        let description = "must have 1 to 128 visible ASCII characters, without spaces, such as a UUID";
        Err(Violation::new("request_id", "request_id", description))
    }

    /// The request id as the caller knows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a request asked for, as a SHA-256 digest: two that differ in content differ in this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a request's canonical text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Takes a digest from a store. What is not 32 bytes equals no request's digest.
    #[must_use]
    pub fn from_stored(bytes: &[u8]) -> Self {
        Self(bytes.try_into().unwrap_or_default())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The record of a command that was executed under a request id, with the answer that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The caller's name for it.
    pub request_id: RequestId,
    /// What it asked for.
    pub digest: Digest,
    /// The session's revision in the answer.
    pub revision: Revision,
    /// Whether the change was one.
    pub changed: bool,
    /// The session's document in the answer.
    pub document: String,
    /// Whether the document has to be stored with the record: it holds a password, without which it would be
    /// [rebuilt](crate::event::rebuild).
    pub keeps_document: bool,
    /// When it was made.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests;

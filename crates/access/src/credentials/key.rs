//! API keys, and what a file has of them.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// What every key begins with: tools that look for secrets in code and logs know them by it.
const PREFIX: &str = "chs_";

/// How many random bytes a key has. They cannot be guessed, so that a plain digest of them is enough.
const RANDOM_BYTES: usize = 32;

/// A new key. It is shown once, and nowhere kept.
pub struct ApiKey(String);

/// A key's digest. It is how a key stands in the file, which so gives none away.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

/// What a digest begins with in the file.
const ALGORITHM: &str = "sha256:";

impl ApiKey {
    /// Makes a key.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn generate() -> std::io::Result<Self> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The key itself, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a bearer token is a key.
    pub(super) fn is_one(token: &str) -> bool {
        token.starts_with(PREFIX)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

impl Digest {
    /// That of a key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Reads one as the file has it: `sha256:` and 64 hex digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix(ALGORITHM).filter(|hex| hex.len() == 64)?;
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALGORITHM)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")
    }
}

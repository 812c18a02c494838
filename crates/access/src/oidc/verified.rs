//! Tokens that have been verified. A caller shows the same one with every call, and a signature costs more than what is done
//! for many calls.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use hashlink::LruCache;
use sha2::{Digest as _, Sha256};

use super::{keyring::Keyring, keys::Keys, verify::LEEWAY};
use crate::Identity;

/// Tokens that have been verified, each as long as it has not expired and its issuer's keys are the same. Those that were not
/// shown for longest go first.
pub(super) struct Verified(Mutex<LruCache<Digest, Entry>>);

/// A token's digest: tokens themselves are not kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

struct Entry {
    identity: Identity,
    /// With the leeway, as when it was verified.
    expires: SystemTime,
    keyring: Arc<Keyring>,
    /// Those that it was verified with.
    keys: Arc<Keys>,
}

/// How many tokens are kept: some MiB. More are in use at once only where as many people are.
const MAX_TOKENS: usize = 10_000;

impl Default for Verified {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_TOKENS)))
    }
}

impl Verified {
    pub(super) fn find(&self, digest: &Digest) -> Option<Identity> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = tokens.get(digest)?;
        if entry.is_valid() {
            return Some(entry.identity.clone());
        }
        tokens.remove(digest);
        None
    }

    pub(super) fn keep(
        &self,
        digest: Digest,
        identity: &Identity,
        expires: SystemTime,
        keyring: &Arc<Keyring>,
        keys: Arc<Keys>,
    ) {
        let Some(expires) = expires.checked_add(Duration::from_secs(LEEWAY)) else { return };
        let entry = Entry { identity: identity.clone(), expires, keyring: Arc::clone(keyring), keys };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, entry);
    }
}

impl Entry {
    fn is_valid(&self) -> bool {
        let are_keys_the_same = self.keyring.keys().is_some_and(|keys| Arc::ptr_eq(&keys, &self.keys));
        are_keys_the_same && SystemTime::now() <= self.expires
    }
}

impl Digest {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")
    }
}

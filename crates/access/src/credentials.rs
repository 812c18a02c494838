//! Callers that a file names: machines with API keys, of which the file has digests, or with client certificates.

mod certificate;
mod changes;
mod file;
mod key;

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{Identity, Method, Refusal, Shown, Validity};

pub use changes::{Changes, Names};
pub use file::Invalid;
pub use key::{ApiKey, Digest};

/// The callers that a file names. Clones are the same, also when it is read again.
#[derive(Clone, Default)]
pub struct Credentials(Arc<RwLock<Callers>>);

/// Callers by what they show.
#[derive(Default)]
struct Callers {
    by_key: HashMap<Digest, Entry>,
    /// By the names of their certificates.
    by_name: HashMap<String, Entry>,
}

/// A caller, as long as the file names it so.
#[derive(Debug, Clone)]
struct Entry {
    identity: Identity,
    revoked: CancellationToken,
}

impl Credentials {
    /// The callers that a file's text names.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let credentials = Self::default();
        credentials.replace(text)?;
        Ok(credentials)
    }

    /// Takes the callers that another text names in the place of those there are. What one of them showed and the text does
    /// not name any more, or names with other rights, is revoked. Where the text is wrong, all stays as it was. Returns what
    /// differs.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn replace(&self, text: &str) -> Result<Changes, Invalid> {
        let mut callers = file::parse(text)?;
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changes = Changes::between(&current, &callers);
        keep_or_revoke(&mut current.by_key, &mut callers.by_key);
        keep_or_revoke(&mut current.by_name, &mut callers.by_name);
        *current = callers;
        Ok(changes)
    }

    /// How many keys there are, and how many certificates.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let callers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (callers.by_key.len(), callers.by_name.len())
    }

    /// API keys, as a way in which callers say who they are.
    #[must_use]
    pub fn api_keys(&self) -> Box<dyn Method> {
        Box::new(ApiKeys(self.clone()))
    }

    /// Client certificates, as a way in which callers say who they are.
    #[must_use]
    pub fn client_certificates(&self) -> Box<dyn Method> {
        Box::new(certificate::ClientCertificates(self.clone()))
    }
}

/// Whoever is named as before goes on as before; what else was there is revoked.
fn keep_or_revoke<K: Hash + Eq>(before: &mut HashMap<K, Entry>, after: &mut HashMap<K, Entry>) {
    for (shown, entry) in before.drain() {
        match after.get_mut(&shown) {
            Some(same) if same.is_same(&entry) => *same = entry,
            Some(_) | None => entry.revoked.cancel(),
        }
    }
}

impl Entry {
    fn new(identity: Identity) -> Self {
        let revoked = CancellationToken::new();
        let identity = Identity { validity: Validity::until_revoked(revoked.clone()), ..identity };
        Self { identity, revoked }
    }

    fn is_same(&self, other: &Self) -> bool {
        let [a, b] = [&self.identity, &other.identity];
        (&a.tenant, &a.requester, a.scopes) == (&b.tenant, &b.requester, b.scopes)
    }
}

struct ApiKeys(Credentials);

#[async_trait]
impl Method for ApiKeys {
    async fn identify(&self, shown: &Shown<'_>) -> Option<Result<Identity, Refusal>> {
        let key = shown.bearer.filter(|text| ApiKey::is_one(text))?;
        let callers = self.0.0.read().unwrap_or_else(PoisonError::into_inner);
        // By its digest: how long that is looked for says nothing of the key.
        let found = callers.by_key.get(&Digest::of(key));
        Some(found.map(|entry| entry.identity.clone()).ok_or(Refusal::UnknownKey))
    }
}

impl std::fmt::Debug for Credentials {
    /// How many there are: digests are nobody's business either.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (keys, certificates) = self.count();
        f.debug_struct("Credentials").field("keys", &keys).field("certificates", &certificates).finish()
    }
}

#[cfg(test)]
mod tests;

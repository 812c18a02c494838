//! Callers that a file names: machines with API keys, of which the file has digests, or with client certificates.

mod file;
mod key;
mod watched;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{Identity, Method, Refusal, Shown, Validity};

pub use file::Invalid;
pub use key::{ApiKey, Digest};
pub use watched::{Changed, Watched};

/// The callers that a file names. Clones are the same, also when it is read again.
#[derive(Clone, Default)]
pub struct Credentials(Arc<RwLock<Callers>>);

/// Callers by what they show.
#[derive(Default)]
struct Callers {
    by_key: HashMap<Digest, Entry>,
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
    /// not name any more, or names with other rights, is revoked. Where the text is wrong, all stays as it was.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn replace(&self, text: &str) -> Result<(), Invalid> {
        let mut callers = file::parse(text)?;
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keep_valid(&mut callers.by_key, &current.by_key);
        keep_valid(&mut callers.by_name, &current.by_name);
        let before = std::mem::replace(&mut *current, callers);
        let kept = |entry: &Entry| {
            let mut now = current.by_key.values().chain(current.by_name.values());
            now.any(|other| other.revoked == entry.revoked)
        };
        for entry in before.by_key.values().chain(before.by_name.values()).filter(|entry| !kept(entry)) {
            entry.revoked.cancel();
        }
        Ok(())
    }

    /// API keys, as a way in which callers say who they are.
    #[must_use]
    pub fn api_keys(&self) -> Box<dyn Method> {
        Box::new(ApiKeys(self.clone()))
    }

    /// Client certificates, as a way in which callers say who they are.
    #[must_use]
    pub fn client_certificates(&self) -> Box<dyn Method> {
        Box::new(ClientCertificates(self.clone()))
    }
}

/// Whoever is named as before goes on as before.
fn keep_valid<K: std::hash::Hash + Eq>(new: &mut HashMap<K, Entry>, old: &HashMap<K, Entry>) {
    for (shown, entry) in new {
        if let Some(before) = old.get(shown).filter(|before| before.is_same(entry)) {
            *entry = before.clone();
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

struct ClientCertificates(Credentials);

#[async_trait]
impl Method for ClientCertificates {
    async fn identify(&self, shown: &Shown<'_>) -> Option<Result<Identity, Refusal>> {
        // Whoever shows a token, too, is who that says.
        let certificate = shown.certificate.filter(|_| shown.bearer.is_none())?;
        let callers = self.0.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = certificate.names().iter().find_map(|name| callers.by_name.get(name));
        Some(found.map(|entry| entry.identity.clone()).ok_or(Refusal::UnknownCertificate))
    }
}

impl std::fmt::Debug for Credentials {
    /// How many there are: digests are nobody's business either.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let callers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Credentials")
            .field("keys", &callers.by_key.len())
            .field("certificates", &callers.by_name.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;

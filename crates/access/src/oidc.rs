//! Callers with bearer tokens of OpenID Connect, as Keycloak issues them: signed texts that say who calls, for whom they
//! are meant and until when.
//!
//! Nothing is asked of the issuer for a call. Its public keys are fetched beforehand, and known ones go on while it is down.

mod access_token;
mod claims;
mod fetch;
mod keyring;
mod keys;
mod probe;
mod requester;
mod settings;
mod verified;
mod verify;

use std::{collections::HashMap, fmt, sync::Arc};

use async_trait::async_trait;

use crate::{Identity, Method, Refusal, Shown};
use keyring::{Keyring, Pace};
use settings::Rules;
use verified::Verified;
use verify::Reason;

pub use settings::{Invalid, Settings, Source};

/// Bearer tokens of some issuers, as a way in which callers say who they are. Its background work ends with it.
pub struct Oidc {
    /// By the issuer, exactly as tokens bear it: no key of one verifies a token that says another.
    issuers: HashMap<String, Arc<Keyring>>,
    rules: Rules,
    verified: Verified,
}

/// The longest token that is looked at, in bytes.
const MAX_BYTES: usize = 16 * 1024;

impl Oidc {
    /// Begins to fetch the keys of the issuers. Where that fails it is logged and tried again, and callers are refused until
    /// it has worked. Needs to be called within a Tokio runtime.
    ///
    /// # Errors
    /// What is wrong with the settings, and what to do.
    pub fn new(settings: Settings) -> Result<Self, Invalid> {
        Self::paced(settings, Pace::default())
    }

    fn paced(settings: Settings, pace: Pace) -> Result<Self, Invalid> {
        let (rules, sources) = settings.check()?;
        let mut issuers = HashMap::new();
        for source in sources {
            let keyring = Arc::new(Keyring::new(source.fetch, source.keys, pace));
            issuers.extend(source.issuers.into_iter().map(|issuer| (issuer, Arc::clone(&keyring))));
        }
        Ok(Self { issuers, rules, verified: Verified::default() })
    }

    async fn verify(&self, token: &str) -> Result<Identity, Reason> {
        if token.len() > MAX_BYTES {
            return Err(Reason::TooLong);
        }
        let digest = verified::Digest::of(token);
        if let Some(identity) = self.verified.find(&digest) {
            return Ok(identity);
        }
        let unverified = verify::Unverified::parse(token)?;
        let (issuer, keyring) = self.issuers.get_key_value(&unverified.issuer).ok_or(Reason::OtherIssuer)?;
        let keys = keyring.for_token(&unverified).await?;
        let claims = unverified.verify(&keys, issuer, &self.rules.audience)?;
        let (identity, expires) = self.rules.identity(&claims)?;
        self.verified.keep(digest, &identity, expires, keyring, keys);
        Ok(identity)
    }
}

#[async_trait]
impl Method for Oidc {
    async fn identify(&self, shown: &Shown<'_>) -> Option<Result<Identity, Refusal>> {
        // A signed token has three parts, of which the last is empty where it is not signed after all.
        let token = shown.bearer.filter(|text| text.split('.').count() == 3)?;
        Some(self.verify(token).await.map_err(|reason| Refusal::Token(reason.to_string())))
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("issuers", &self.issuers.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

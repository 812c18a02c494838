//! An issuer of tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::json;

use crate::Failure;

/// What tokens say of who issued them.
pub(super) const NAME: &str = "https://issuer.example.com/realms/centre";

/// What they say of whom they are for.
pub(super) const AUDIENCE: &str = "channel-sessions";

/// How long they are valid, in seconds: longer than a measurement takes.
const VALID: u64 = 24 * 60 * 60;

/// Its key.
pub(super) struct Issuer(EncodingKey);

impl Issuer {
    pub(super) fn generate() -> Result<Self, Failure> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let document = key.to_pkcs8v1()?;
        Ok(Self(EncodingKey::from_ec_der(document.as_ref())))
    }

    /// What its tokens are checked with, as issuers publish it.
    pub(super) fn keys(&self) -> Result<String, Failure> {
        let mut key = serde_json::to_value(Jwk::from_encoding_key(&self.0, Algorithm::ES256)?)?;
        key["kid"] = json!("one");
        Ok(json!({ "keys": [key] }).to_string())
    }

    /// A token of a service that reads and writes a tenant's sessions.
    pub(super) fn token(&self, tenant: &str) -> Result<String, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = json!({
            "iss": NAME, "aud": AUDIENCE, "sub": "bench", "typ": "Bearer", "iat": now, "exp": now + VALID,
            "tenant_id": tenant, "scope": "channel-sessions:read channel-sessions:write",
        });
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::ES256) };
        Ok(encode(&header, &claims, &self.0)?)
    }
}

//! The keys that an issuer signs with, and which algorithms each is for.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

/// The keys that an issuer signs with.
pub(super) struct Keys(Vec<Key>);

/// One of them.
pub(super) struct Key {
    jwk: Jwk,
    algorithms: Vec<Algorithm>,
    pub(super) decoding: DecodingKey,
}

/// Why there is no key for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// None of the name that it bears. The issuer may have a new one.
    Unknown,
    /// The one of that name is for other algorithms.
    OtherAlgorithm,
    /// It bears no name, and there is not exactly one key that it could be.
    Ambiguous,
}

/// A JWK set. Its keys are read one by one: one of a kind that is not known here must not take the others with it.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl Keys {
    /// Those keys of a JWK set that signatures can be verified with.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let set: Set =
            serde_json::from_slice(text).map_err(|error| format!("this is no JWK set: {error}"))?;
        Ok(Self(set.keys.into_iter().filter_map(Key::parse).collect()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The key that a token says it is signed with.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, Missing> {
        let Some(kid) = kid else {
            let mut fitting = self.0.iter().filter(|key| key.algorithms.contains(&algorithm));
            let one = fitting.next().ok_or(Missing::Ambiguous)?;
            return if fitting.next().is_none() { Ok(one) } else { Err(Missing::Ambiguous) };
        };
        let mut named = self.0.iter().filter(|key| key.jwk.common.key_id.as_deref() == Some(kid)).peekable();
        named.peek().ok_or(Missing::Unknown)?;
        named.find(|key| key.algorithms.contains(&algorithm)).ok_or(Missing::OtherAlgorithm)
    }
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|key| &key.jwk).eq(other.0.iter().map(|key| &key.jwk))
    }
}

impl Key {
    fn parse(jwk: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let common = &jwk.common;
        let is_for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
        let is_for_verifying =
            common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        if !is_for_signatures || !is_for_verifying {
            return None;
        }
        let mut algorithms = algorithms(&jwk.algorithm).to_vec();
        if let Some(only) = common.key_algorithm {
            algorithms.retain(|algorithm| KeyAlgorithm::from(*algorithm) == only);
        }
        if algorithms.is_empty() {
            return None;
        }
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { jwk, algorithms, decoding })
    }
}

/// What a key of a type may be used with, which no token can change. A secret is no key here: where one verifies, whoever
/// verifies could sign.
fn algorithms(parameters: &AlgorithmParameters) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    if let AlgorithmParameters::EllipticCurve(key) = parameters {
        if key.curve == EllipticCurve::P256 {
            &[ES256]
        } else if key.curve == EllipticCurve::P384 {
            &[ES384]
        } else {
            &[]
        }
    } else if let AlgorithmParameters::OctetKeyPair(key) = parameters {
        if key.curve == EllipticCurve::Ed25519 { &[EdDSA] } else { &[] }
    } else if matches!(parameters, AlgorithmParameters::RSA(_)) {
        &[RS256, RS384, RS512, PS256, PS384, PS512]
    } else {
        &[]
    }
}

/// Whether a signature of an algorithm can be one of an issuer at all.
pub(super) fn is_taken(algorithm: Algorithm) -> bool {
    !matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

//! Whose tokens are taken and whose are not, with real signatures and an issuer of the tests' own.

mod forged;
mod issuer;
mod pace;
mod settings;
mod source;
mod tls;
mod tokens;
mod verified;
mod who;

use serde_json::{Value, json};

use super::*;
use crate::Access;
use issuer::{Issuer, Signer};

const AUDIENCE: &str = "channel-sessions";

/// Seconds since 1970, so many from now.
fn in_seconds(seconds: i64) -> i64 {
    i64::try_from(jsonwebtoken::get_current_timestamp()).expect("a time of our days") + seconds
}

fn settings(issuer: &str) -> Settings {
    Settings {
        issuers: vec![issuer.to_owned()],
        audience: AUDIENCE.to_owned(),
        jwks: None,
        tenant_claim: Settings::TENANT_CLAIM.to_owned(),
        scope_claim: Settings::SCOPE_CLAIM.to_owned(),
    }
}

/// What Keycloak writes into an access token, as far as it matters here.
fn claims(issuer: &str) -> Value {
    json!({
        "exp": in_seconds(300), "iat": in_seconds(0), "jti": "onrtac:1", "iss": issuer, "aud": [AUDIENCE, "account"],
        "sub": "0b9c6f4e-8b6d-4a33-9f0a-6f3f5f2d6f11", "typ": "Bearer", "azp": "desk", "sid": "5a3c", "acr": "1",
        "realm_access": {"roles": ["offline_access", "channel-sessions:delete"], "tenant": "green"},
        "scope": "openid channel-sessions:read channel-sessions:write", "preferred_username": "alice",
        "tenant_id": "blue"
    })
}

impl Oidc {
    /// Waits until the keys of every issuer have been asked for once, whether they came or not.
    async fn fetched(&self) {
        for keyring in self.issuers.values() {
            keyring.fetched_since(0).await;
        }
    }

    /// Waits until the keys have been asked for again, all of it from now on.
    async fn asked_again(&self) {
        for keyring in self.issuers.values() {
            // One may be under way.
            keyring.fetched_since(keyring.fetches() + 1).await;
        }
    }
}

async fn start(keys: &[&Signer]) -> (Issuer, Oidc) {
    let issuer = Issuer::start(keys).await;
    let oidc = Oidc::new(settings(&issuer.url)).expect("settings");
    oidc.fetched().await;
    (issuer, oidc)
}

/// Those claims with others in the place of some; `null` takes one out.
fn claims_with(issuer: &str, others: &Value) -> Value {
    let mut claims = claims(issuer);
    for (name, value) in others.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

/// As a call would.
async fn call(oidc: &Oidc, token: &str) -> Option<Result<Identity, Refusal>> {
    oidc.identify(&Shown { bearer: Some(token), certificate: None }).await
}

async fn accept(oidc: &Oidc, token: &str) -> Identity {
    call(oidc, token).await.expect("a token").expect("a good one")
}

async fn refuse(oidc: &Oidc, token: &str) -> Reason {
    let reason = oidc.verify(token).await.expect_err("a bad one");
    let refusal = call(oidc, token).await.expect("a token").expect_err("a bad one");
    assert_eq!(refusal, Refusal::Token(reason.to_string()));
    reason
}

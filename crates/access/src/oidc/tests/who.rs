//! Whose sessions a token's bearer sees, in whose name, and what it may do.

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::{super::verify::Reason, *};
use crate::Scope;

/// Who bears a token with such claims, by these claims for tenant and scopes.
async fn who(issuer: &Issuer, signer: &Signer, by: [&str; 2], others: &Value) -> Result<Identity, Reason> {
    let [tenant_claim, scope_claim] = by.map(str::to_owned);
    let oidc = Oidc::new(Settings { tenant_claim, scope_claim, ..settings(&issuer.url) }).expect("settings");
    oidc.verify(&signer.sign(&claims_with(&issuer.url, others))).await
}

#[tokio::test]
async fn the_tenant_is_what_the_claim_says_or_there_is_none() {
    let signer = Signer::new("a", Algorithm::ES256);
    let issuer = Issuer::start(&[&signer]).await;
    let long = "x".repeat(256);
    for (claim, others, tenant) in [
        ("tenant_id", json!({}), Some("blue")),
        ("realm_access.tenant", json!({}), Some("green")),
        ("a.b.c", json!({"a": {"b": {"c": "deep"}}}), Some("deep")),
        ("a.b.c", json!({"a.b.c": "whole", "a": {"b": {"c": "deep"}}}), Some("whole")),
        ("https://x.example/tenant", json!({"https://x.example/tenant": "ours"}), Some("ours")),
        ("iss", json!({}), Some("blue")),
        ("iss", json!({"tenant_id": "green"}), Some("blue")),
        ("tenant_id", json!({"tenant_id": null}), None),
        ("tenant_id", json!({"tenant_id": ""}), None),
        ("tenant_id", json!({"tenant_id": "a\nb"}), None),
        ("tenant_id", json!({"tenant_id": long}), None),
        ("tenant_id", json!({"tenant_id": 1}), None),
        ("tenant_id", json!({"tenant_id": true}), None),
        ("tenant_id", json!({"tenant_id": ["blue"]}), None),
        ("tenant_id", json!({"tenant_id": {"blue": {}}}), None),
        ("realm_access.tenant", json!({"realm_access": null}), None),
        ("realm_access.tenant", json!({"realm_access": "tenant"}), None),
        ("a.b.c", json!({"a": {"b": null}}), None),
    ] {
        let found = who(&issuer, &signer, [claim, "scope"], &others).await;
        match tenant {
            Some(tenant) => assert_eq!(found.expect("a tenant").tenant.as_str(), tenant, "{others}"),
            None => assert_eq!(found.expect_err("no tenant"), Reason::Tenant, "{others}"),
        }
    }
}

#[tokio::test]
async fn scopes_are_those_of_the_claim_and_without_it_there_are_none() {
    let signer = Signer::new("a", Algorithm::ES256);
    let issuer = Issuer::start(&[&signer]).await;
    let [read, write, delete] = [Scope::Read, Scope::Write, Scope::Delete];
    for (claim, others, scopes) in [
        ("scope", json!({}), vec![read, write]),
        ("scope", json!({"scope": ["channel-sessions:delete", "x", 1]}), vec![delete]),
        ("realm_access.roles", json!({}), vec![delete]),
        ("scope", json!({"scope": null}), vec![]),
        ("scope", json!({"scope": ""}), vec![]),
        ("scope", json!({"scope": "channel-sessions channel-sessions:READ xchannel-sessions:read"}), vec![]),
        ("scope", json!({"scope": "channel-sessions:read,channel-sessions:write"}), vec![]),
        ("scope", json!({"scope": {"channel-sessions:read": true}}), vec![]),
        ("scope", json!({"scope": true}), vec![]),
        ("scope", json!({"scope": [["channel-sessions:read"]]}), vec![]),
        ("other.roles", json!({}), vec![]),
    ] {
        let found = who(&issuer, &signer, ["tenant_id", claim], &others).await.expect("somebody");
        assert_eq!(found.scopes, scopes.into_iter().collect(), "{others}");
    }
}

#[tokio::test]
async fn the_requester_is_the_user_or_the_service_that_calls_for_itself() {
    let signer = Signer::new("a", Algorithm::ES256);
    let issuer = Issuer::start(&[&signer]).await;
    let alice = "0b9c6f4e-8b6d-4a33-9f0a-6f3f5f2d6f11";
    let long = "x".repeat(256);
    for (others, requester) in [
        // A user, through a client.
        (json!({}), Some(alice)),
        (json!({"client_id": "desk"}), Some(alice)),
        (json!({"azp": null}), Some(alice)),
        // Keycloak's service accounts, before and since it writes the client's id.
        (json!({"azp": "IVR", "preferred_username": "service-account-ivr"}), Some("IVR")),
        (json!({"azp": "ivr", "client_id": "ivr", "preferred_username": "service-account-ivr"}), Some("ivr")),
        // A user whose name looks like that of another client's account.
        (json!({"azp": "desk", "preferred_username": "service-account-ivr"}), Some(alice)),
        (json!({"azp": null, "preferred_username": "service-account-ivr"}), Some(alice)),
        (json!({"azp": "desk", "preferred_username": "xservice-account-desk"}), Some(alice)),
        // RFC 9068.
        (json!({"sub": "ivr", "client_id": "ivr", "azp": null, "preferred_username": null}), Some("ivr")),
        (json!({"sub": null}), Some("desk")),
        (json!({"sub": null, "azp": null}), None),
        (json!({"sub": 1}), None),
        (json!({"sub": ""}), None),
        (json!({"sub": "a\u{1b}[2J"}), None),
        (json!({"sub": long}), None),
    ] {
        let found = who(&issuer, &signer, ["tenant_id", "scope"], &others).await;
        match requester {
            Some(name) => assert_eq!(found.expect("somebody").requester.as_str(), name, "{others}"),
            None => assert_eq!(found.expect_err("nobody"), Reason::Requester, "{others}"),
        }
    }
}

#[tokio::test]
async fn a_token_beside_other_methods_is_looked_at_by_this_one_alone() {
    let signer = Signer::new("a", Algorithm::ES256);
    let issuer = Issuer::start(&[&signer]).await;
    let keys = crate::credentials::Credentials::parse(r#"{"callers":[]}"#).expect("a file").api_keys();
    let oidc = Oidc::new(settings(&issuer.url)).expect("settings");
    let access = Access::by(vec![keys, Box::new(oidc)]);
    let token = signer.sign(&claims(&issuer.url));
    let shown = |token| Ok(Shown { bearer: Some(token), certificate: None });
    assert_eq!(access.authenticate(shown(&token)).await.expect("alice").tenant.as_str(), "blue");
    assert_eq!(access.authenticate(shown("chs_x")).await.expect_err("a key"), Refusal::UnknownKey);
    assert_eq!(access.authenticate(shown("abc")).await.expect_err("neither"), Refusal::UnknownKind);
    assert!(matches!(access.authenticate(shown("a.b.c")).await, Err(Refusal::Token(_))));
}

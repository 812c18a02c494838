//! Where keys come from, and what may go wrong there.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::{
    super::{keys::Missing, verify::Reason},
    *,
};

#[tokio::test]
async fn a_key_that_the_issuer_replaces_is_fetched_and_the_old_one_is_none_any_more() {
    let [old, new] = ["old", "new"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let issuer = Issuer::start(&[&old]).await;
    let oidc = Oidc::new(settings(&issuer.url)).expect("settings");
    let [old_token, new_token] = [&old, &new].map(|signer| signer.sign(&claims(&issuer.url)));
    // The first call waits for the first fetch.
    accept(&oidc, &old_token).await;
    issuer.publish_keys(&[&new]);
    accept(&oidc, &old_token).await;
    accept(&oidc, &new_token).await;
    assert_eq!(refuse(&oidc, &old_token).await, Reason::NoKey(Missing::Unknown));
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn another_key_of_the_same_name_takes_the_place_of_the_old_one() {
    let [old, new, more] = ["same", "same", "more"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let issuer = Issuer::start(&[&old]).await;
    let oidc = Oidc::new(settings(&issuer.url)).expect("settings");
    let old_token = old.sign(&claims(&issuer.url));
    accept(&oidc, &old_token).await;
    issuer.publish_keys(&[&new, &more]);
    accept(&oidc, &more.sign(&claims(&issuer.url))).await;
    assert_eq!(refuse(&oidc, &old_token).await, Reason::Signature);
    accept(&oidc, &new.sign(&claims(&issuer.url))).await;
}

#[tokio::test]
async fn made_up_names_of_keys_cost_the_issuer_one_fetch() {
    let [good, bad] = ["good", "bad"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let issuer = Issuer::start(&[&good]).await;
    let oidc = Arc::new(Oidc::new(settings(&issuer.url)).expect("settings"));
    oidc.fetched().await;
    let claims = claims(&issuer.url);
    let token = good.sign(&claims);
    let mut calls = tokio::task::JoinSet::new();
    for at in 0..10_000 {
        let header = jsonwebtoken::Header { kid: Some(format!("made-up-{at}")), ..bad.header() };
        let token = bad.sign_with(&header, &claims);
        let oidc = Arc::clone(&oidc);
        calls.spawn(async move { oidc.verify(&token).await.expect_err("a bad one") });
    }
    while let Some(reason) = calls.join_next().await {
        assert_eq!(reason.expect("no panic"), Reason::NoKey(Missing::Unknown));
        accept(&oidc, &token).await;
    }
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn known_keys_go_on_while_the_issuer_is_down() {
    let [good, bad] = ["good", "bad"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let issuer = Issuer::start(&[&good]).await;
    let oidc = Oidc::new(settings(&issuer.url)).expect("settings");
    oidc.fetched().await;
    issuer.set_down(true);
    let token = good.sign(&claims(&issuer.url));
    accept(&oidc, &token).await;
    for at in 0..10 {
        accept(&oidc, &token).await;
        // Also one that was not shown before.
        accept(&oidc, &good.sign(&claims_with(&issuer.url, &json!({"jti": at})))).await;
        refuse(&oidc, &bad.sign(&claims(&issuer.url))).await;
    }
}

#[tokio::test]
async fn an_issuer_that_is_down_at_the_start_is_asked_again() {
    let signer = Signer::new("a", Algorithm::ES256);
    let issuer = Issuer::start(&[&signer]).await;
    issuer.set_down(true);
    let pace = Pace { urgent: [Duration::from_millis(20); 2], ..Pace::default() };
    let oidc = Oidc::paced(settings(&issuer.url), pace).expect("settings");
    let token = signer.sign(&claims(&issuer.url));
    oidc.fetched().await;
    assert_eq!(refuse(&oidc, &token).await, Reason::NoKeys);
    issuer.set_down(false);
    while oidc.verify(&token).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_document_that_is_wrong_brings_no_keys() {
    let signer = Signer::new("a", Algorithm::ES256);
    let keys = issuer::set(&[&signer]);
    let huge = format!("{keys}{}", " ".repeat(256 * 1024));
    let other =
        json!({"issuer": "https://other.example.com", "jwks_uri": "http://127.0.0.1/keys"}).to_string();
    for (path, status, text) in [
        (issuer::DISCOVERY, 404, ""),
        (issuer::DISCOVERY, 200, "<html>"),
        (issuer::DISCOVERY, 200, "{}"),
        (issuer::DISCOVERY, 200, &*other),
        (issuer::KEYS, 500, &*keys),
        (issuer::KEYS, 302, "/elsewhere"),
        (issuer::KEYS, 200, "[]"),
        (issuer::KEYS, 200, "{}"),
        (issuer::KEYS, 200, r#"{"keys":{}}"#),
        (issuer::KEYS, 200, &huge),
    ] {
        let issuer = Issuer::start(&[&signer]).await;
        issuer.publish("/elsewhere", 200, &keys);
        issuer.publish(path, status, text);
        let oidc = Oidc::new(settings(&issuer.url)).expect("settings");
        let token = signer.sign(&claims(&issuer.url));
        assert_eq!(refuse(&oidc, &token).await, Reason::NoKeys, "{path} {status}");
    }
    // The discovery document must not lead to where it could not have been itself.
    for keys in ["http://example.com/keys", "ftp://127.0.0.1/keys", "keys", "file:///etc/passwd"] {
        let issuer = Issuer::start(&[&signer]).await;
        issuer.publish(issuer::DISCOVERY, 200, &json!({"issuer": issuer.url, "jwks_uri": keys}).to_string());
        let oidc = Oidc::new(settings(&issuer.url)).expect("settings");
        let token = signer.sign(&claims(&issuer.url));
        assert_eq!(refuse(&oidc, &token).await, Reason::NoKeys, "{keys}");
    }
    // A last slash is the issuer's own affair, and part of its name.
    let issuer = Issuer::start(&[&signer]).await;
    let name = format!("{}/", issuer.url);
    let oidc = Oidc::new(settings(&name)).expect("settings");
    assert_eq!(refuse(&oidc, &signer.sign(&claims(&name))).await, Reason::NoKeys);
}

#[tokio::test]
async fn keys_may_be_at_an_address_of_their_own() {
    let signer = Signer::new("a", Algorithm::PS256);
    let server = Issuer::start(&[&signer]).await;
    let address = server.url.replace("/realms/blue", issuer::KEYS);
    // Such an issuer is asked for nothing, so it may be any text.
    let issuers = ["urn:issuer", "http://keycloak:8080/realms/blue"].map(str::to_owned);
    let jwks = Some(Source::parse(&address).expect("an address"));
    let oidc = Oidc::new(Settings { issuers: issuers.to_vec(), jwks, ..settings("") }).expect("settings");
    for issuer in &issuers {
        accept(&oidc, &signer.sign(&claims(issuer))).await;
    }
    assert_eq!(refuse(&oidc, &signer.sign(&claims(&server.url))).await, Reason::OtherIssuer);
    assert_eq!(server.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_file_of_keys_is_read_again_when_it_changes() {
    let [old, new] = ["old", "new"].map(|kid| Signer::new(kid, Algorithm::EdDSA));
    let issuer = "https://id.example.com/realms/blue";
    let [old_token, new_token] = [&old, &new].map(|signer| signer.sign(&claims(issuer)));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.json");
    let from_file = || Oidc::new(Settings { jwks: Some(Source::File(path.clone())), ..settings(issuer) });
    assert!(matches!(from_file(), Err(Invalid::File { .. })));
    for wrong in ["", "[]", r#"{"keys":[]}"#] {
        std::fs::write(&path, wrong).expect("a file");
        assert!(matches!(from_file(), Err(Invalid::File { .. })), "{wrong}");
    }
    std::fs::write(&path, issuer::set(&[&old])).expect("a file");
    let oidc = from_file().expect("keys");
    accept(&oidc, &old_token).await;
    refuse(&oidc, &new_token).await;
    let passed = async || oidc.asked_again().await;
    for broken in ["{", ""] {
        std::fs::write(&path, broken).expect("a file");
        passed().await;
        accept(&oidc, &old_token).await;
    }
    std::fs::remove_file(&path).expect("a file");
    passed().await;
    accept(&oidc, &old_token).await;
    std::fs::write(&path, issuer::set(&[&new])).expect("a file");
    passed().await;
    accept(&oidc, &new_token).await;
    assert_eq!(refuse(&oidc, &old_token).await, Reason::NoKey(Missing::Unknown));
}

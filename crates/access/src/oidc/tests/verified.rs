//! Tokens that have been verified and are not verified again.

use std::time::{Duration, SystemTime};

use jsonwebtoken::Algorithm;

use super::{
    super::{
        keys::Keys,
        verified::{Digest, Verified},
        verify::{LEEWAY, Reason},
    },
    *,
};

#[tokio::test]
async fn a_token_is_kept_until_it_expires_or_its_issuers_keys_change() {
    let [old, new] = ["old", "new"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let (issuer, oidc) = start(&[&old]).await;
    let token = old.sign(&claims(&issuer.url));
    let digest = Digest::of(&token);
    assert!(oidc.verified.find(&digest).is_none());
    accept(&oidc, &token).await;
    let kept = oidc.verified.find(&digest).expect("a token that was verified");
    assert_eq!(
        (kept.tenant.as_str(), kept.requester.as_str()),
        ("blue", "0b9c6f4e-8b6d-4a33-9f0a-6f3f5f2d6f11")
    );
    // What was refused is not.
    let other = new.sign_with(&old.header(), &claims(&issuer.url));
    assert_eq!(refuse(&oidc, &other).await, Reason::Signature);
    assert!(oidc.verified.find(&Digest::of(&other)).is_none());
    // The same keys, fetched again.
    let keyring = &oidc.issuers[&issuer.url];
    refuse(&oidc, &new.sign(&claims(&issuer.url))).await;
    assert_eq!(issuer.fetches(), 2);
    assert!(oidc.verified.find(&digest).is_some());
    // Times that are over, by the leeway and not.
    let verified = Verified::default();
    for (past, is_kept) in [(0, true), (LEEWAY - 10, true), (LEEWAY + 1, false)] {
        let expires = SystemTime::now() - Duration::from_secs(past);
        verified.keep(digest.clone(), &kept, expires, keyring, keyring.keys().expect("keys"));
        assert_eq!(verified.find(&digest).is_some(), is_kept, "{past} s");
    }
    // Keys that are not the issuer's any more.
    verified.keep(
        digest.clone(),
        &kept,
        SystemTime::now(),
        keyring,
        Arc::new(Keys::parse(br#"{"keys":[]}"#).expect("a set")),
    );
    assert!(verified.find(&digest).is_none());
}

#[tokio::test]
async fn what_has_no_end_ends_with_its_token() {
    let signer = Signer::new("a", Algorithm::ES256);
    let (issuer, oidc) = start(&[&signer]).await;
    // One that is good for the leeway's sake alone, and has expired before.
    let token = signer.sign(&claims_with(&issuer.url, &json!({"exp": in_seconds(-10)})));
    accept(&oidc, &token).await.validity.ended().await;
    let token = signer.sign(&claims(&issuer.url));
    let validity = accept(&oidc, &token).await.validity;
    tokio::select! { biased; () = validity.ended() => panic!("it has not expired"), () = std::future::ready(()) => {} }
}

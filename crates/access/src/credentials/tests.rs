//! Who is known by what, and until when.

use std::time::{Duration, SystemTime};

use tls::Certificate;

use super::*;
use crate::{Access, Scope};

/// A file of one caller with these keys and rights.
fn file(keys: &[&str], scopes: &str) -> String {
    let keys: Vec<_> = keys.iter().map(|key| format!("\"{}\"", Digest::of(key))).collect();
    format!(
        r#"{{"callers":[
            {{"name":"ivr","tenant":"blue","scopes":["{scopes}"],"keys":[{}]}},
            {{"name":"bot","scopes":["channel-sessions:write"],"keys":["{}"]}}]}}"#,
        keys.join(","),
        Digest::of("chs_bot")
    )
}

const READ: &str = "channel-sessions:read";
const WRITE: &str = "channel-sessions:write";

async fn by_key(credentials: &Credentials, key: &str) -> Result<Identity, Refusal> {
    let access = Access::by(vec![credentials.api_keys()]);
    access.authenticate(Ok(Shown { bearer: Some(key), certificate: None })).await
}

#[tokio::test]
async fn a_key_is_its_caller_and_nothing_like_it_is() {
    let keys = [ApiKey::generate().expect("a key"), ApiKey::generate().expect("a key")];
    let [old, new] = keys.each_ref().map(ApiKey::reveal);
    let credentials = Credentials::parse(&file(&[old, new], READ)).expect("a file");
    for key in [old, new] {
        let identity = by_key(&credentials, key).await.expect("both are valid");
        assert_eq!((identity.tenant.as_str(), identity.requester.as_str()), ("blue", "ivr"));
        assert!(identity.scopes.allow(Scope::Read) && !identity.scopes.allow(Scope::Write));
    }
    let bot = by_key(&credentials, "chs_bot").await.expect("another caller");
    assert_eq!((bot.tenant.as_str(), bot.requester.as_str()), ("default", "bot"));
    let digest = Digest::of(old).to_string();
    for other in [&old[..old.len() - 1], &format!("{old}x"), &old.to_uppercase(), &digest, "chs_", ""] {
        assert!(by_key(&credentials, other).await.is_err(), "{other}");
    }
}

#[tokio::test]
async fn what_is_not_named_any_more_is_revoked_and_the_rest_goes_on() {
    let credentials = Credentials::parse(&file(&["chs_a", "chs_b"], READ)).expect("a file");
    let [a, b] = [by_key(&credentials, "chs_a").await, by_key(&credentials, "chs_b").await];
    let [a, b] = [a.expect("a key").validity, b.expect("a key").validity];
    let bot = by_key(&credentials, "chs_bot").await.expect("a key").validity;
    assert!(matches!(credentials.replace("{"), Err(Invalid::Json(_))));
    credentials.replace(&file(&["chs_b", "chs_c"], READ)).expect("a file");
    a.ended().await;
    for validity in [&b, &bot] {
        assert!(futures_ended(validity).await.is_none());
    }
    assert_eq!(by_key(&credentials, "chs_a").await.expect_err("removed"), Refusal::UnknownKey);
    assert!(by_key(&credentials, "chs_c").await.is_ok());
    // Rights that have changed hold for what begins from then on; what was begun with others ends.
    credentials.replace(&file(&["chs_b"], WRITE)).expect("a file");
    b.ended().await;
    let identity = by_key(&credentials, "chs_b").await.expect("a key");
    assert!(identity.scopes.allow(Scope::Write) && !identity.scopes.allow(Scope::Read));
    assert!(futures_ended(&bot).await.is_none());
}

async fn by_certificate(credentials: &Credentials, certificate: &Certificate) -> Result<Identity, Refusal> {
    let access = Access::by(vec![credentials.api_keys(), credentials.client_certificates()]);
    access.authenticate(Ok(Shown { bearer: None, certificate: Some(certificate) })).await
}

fn certificate(names: &[&str], expires: SystemTime) -> Certificate {
    Certificate {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        begins: SystemTime::UNIX_EPOCH,
        expires,
    }
}

#[tokio::test]
async fn a_certificate_is_the_caller_that_has_exactly_one_of_its_names() {
    let text = |of_bot: &str| {
        format!(
            r#"{{"callers":[
                {{"name":"ivr","tenant":"blue","scopes":[],"certificates":["DNS:ivr.example.com","URI:spiffe://a/ivr"]}},
                {{"name":"bot","scopes":[],"certificates":["{of_bot}"]}}]}}"#
        )
    };
    let credentials = Credentials::parse(&text("DNS:bot.example.com")).expect("a file");
    let later = SystemTime::now() + Duration::from_secs(60);
    let whole = ["DNS:ivr.example.com", "URI:spiffe://a/ivr"];
    let mut validity = None;
    for names in [&whole[..1], &whole[1..], &whole, &["DNS:other.example.com", whole[0]]] {
        let ivr = by_certificate(&credentials, &certificate(names, later)).await.expect("it is named");
        assert_eq!((ivr.tenant.as_str(), ivr.requester.as_str()), ("blue", "ivr"));
        validity = Some(ivr.validity);
    }
    for name in [
        "DNS:x.ivr.example.com",
        "DNS:ivr.example.com.x",
        "DNS:IVR.example.com",
        "DNS:*.example.com",
        "URI:ivr.example.com",
        "DNS:spiffe://a/ivr",
        "URI:spiffe://a/ivr/",
        "ivr.example.com",
        "ivr",
    ] {
        let refused = by_certificate(&credentials, &certificate(&[name], later)).await;
        assert_eq!(refused.expect_err(name), Refusal::UnknownCertificate);
    }
    let both = certificate(&["DNS:ivr.example.com", "DNS:bot.example.com"], later);
    let refused = by_certificate(&credentials, &both).await.expect_err("two callers");
    assert_eq!(refused, Refusal::AmbiguousCertificate);
    let passed = certificate(&whole, SystemTime::now());
    let refused = by_certificate(&credentials, &passed).await.expect_err("expired");
    assert_eq!(refused, Refusal::ExpiredCertificate);
    // A token says who calls, whoever's connection it comes over.
    let certificate = certificate(&whole, later);
    let access = Access::by(vec![credentials.api_keys(), credentials.client_certificates()]);
    let shown = Shown { bearer: Some("chs_other"), certificate: Some(&certificate) };
    assert_eq!(access.authenticate(Ok(shown)).await.expect_err("no key"), Refusal::UnknownKey);

    let validity = validity.expect("a caller");
    credentials.replace(&text("DNS:other.example.com")).expect("a file");
    assert!(futures_ended(&validity).await.is_none());
    credentials.replace(r#"{"callers":[]}"#).expect("a file");
    validity.ended().await;
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_ends_with_the_certificate() {
    let text = r#"{"callers":[{"name":"ivr","scopes":[],"certificates":["DNS:ivr"]}]}"#;
    let credentials = Credentials::parse(text).expect("a file");
    let soon = certificate(&["DNS:ivr"], SystemTime::now() + Duration::from_secs(3600));
    let validity = by_certificate(&credentials, &soon).await.expect("it is valid").validity;
    assert!(futures_ended(&validity).await.is_none());
    let begun = tokio::time::Instant::now();
    validity.ended().await;
    assert!(begun.elapsed() <= Duration::from_secs(3601));
}

/// Whether it has ended by now.
async fn futures_ended(validity: &Validity) -> Option<()> {
    tokio::select! { biased; () = validity.ended() => Some(()), () = std::future::ready(()) => None }
}

#[test]
fn a_file_that_is_wrong_says_where() {
    let key = Digest::of("chs_x");
    for (text, problem) in [
        ("", "EOF"),
        (r#"{"callers":[],"x":1}"#, "expected `callers` at line 1 column 17"),
        (r#"{"callers":[{"name":"a","scopes":[],"keys":"chs_secret"}]}"#, "expected a sequence at line 1"),
        (r#"{"callers":[{"chs_secret":1}]}"#, "expected one of `name`, `tenant`, `scopes`, `keys`"),
        (
            r#"{"callers":[{"name":"chs_secret, expected ","scopes":"chs_secret, expected chs_secret"}]}"#,
            "not what",
        ),
        (r#""chs_secret""#, "expected an object with `callers` at line 1"),
        (r#"{"callers":[{"name":"a","scopes":[]}]}"#, "callers[0] (\"a\"): give it keys"),
        (r#"{"callers":[{"name":"","scopes":[],"keys":[]}]}"#, "name must be"),
        (r#"{"callers":[{"name":"a","scopes":[],"certificates":["ivr"]}]}"#, "certificates[0] must be"),
        (r#"{"callers":[{"name":"a","scopes":[],"certificates":["DNS:*.x"]}]}"#, "certificates[0] must be"),
        (
            r#"{"callers":[{"name":"a","scopes":[],"certificates":["DNS:x","DNS:x"]}]}"#,
            "certificates[1] is named twice",
        ),
        (r#"{"callers":[{"name":"a","scopes":["read"],"keys":["x"]}]}"#, "\"read\" is no scope"),
        (r#"{"callers":[{"name":"a","scopes":[],"keys":["chs_secret"]}]}"#, "keys[0] must be a key's digest"),
        (
            &format!(r#"{{"callers":[{{"name":"a","scopes":[],"keys":["{key}","{key}"]}}]}}"#),
            "keys[1] is named twice",
        ),
    ] {
        let invalid = Credentials::parse(text).expect_err(text).to_string();
        assert!(invalid.contains(problem) && !invalid.contains("chs_secret"), "{text}: {invalid}");
    }
}

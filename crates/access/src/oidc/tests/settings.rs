//! Settings that cannot be.

use super::*;

fn invalid(change: impl FnOnce(&mut Settings)) -> String {
    let mut settings = settings("https://id.example.com/realms/blue");
    change(&mut settings);
    Oidc::new(settings).expect_err("wrong settings").to_string()
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_to_do() {
    assert!(invalid(|all| all.audience = " ".to_owned()).contains("mapper of the type Audience"));
    assert!(invalid(|all| all.issuers.clear()).contains("name the issuer"));
    assert!(invalid(|all| all.issuers.push(String::new())).contains("name the issuer"));
    assert!(invalid(|all| all.issuers.push(all.issuers[0].clone())).contains("named twice"));
    for claim in ["", ".", "a.", ".a", "a..b"] {
        assert!(invalid(|all| all.tenant_claim = claim.to_owned()).contains("names no claim"));
        assert!(invalid(|all| all.scope_claim = claim.to_owned()).contains("names no claim"));
    }
}

#[tokio::test]
async fn keys_come_over_tls_or_from_this_machine() {
    for issuer in ["http://id.example.com/realms/blue", "http://10.0.0.1/x", "http://localhost.example.com/x"]
    {
        let error = invalid(|all| all.issuers = vec![issuer.to_owned()]);
        assert!(error.contains("use https://") && error.starts_with(issuer), "{error}");
        let jwks = Source::parse(issuer).expect("an address");
        assert!(invalid(|all| all.jwks = Some(jwks)).contains("use https://"));
    }
    for (issuer, problem) in [
        ("blue", "no address"),
        ("https://u:s3cret@id.example.com/x", "no password"),
        ("https://id.example.com/x?y", "no query"),
        ("ftp://id.example.com/x", "https://"),
    ] {
        let error = invalid(|all| all.issuers = vec![issuer.to_owned()]);
        assert!(error.contains(problem) && !error.contains("s3cret"), "{error}");
    }
    for issuer in ["http://127.0.0.1:1/x", "http://[::1]:1/x", "http://localhost:1/x"] {
        Oidc::new(settings(issuer)).expect("this machine");
    }
    assert!(matches!(Source::parse("keys.json"), Ok(Source::File(_))));
    assert!(matches!(Source::parse("/etc/keys.json"), Ok(Source::File(_))));
    assert_eq!(Source::parse("file:///etc/keys.json").ok(), Some(Source::File("/etc/keys.json".into())));
    for address in ["https://", "https://u:s3cret@", "https://u:s3cret@id.example.com:x/"] {
        let error = Source::parse(address).expect_err("no address").to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn a_tenant_by_its_issuer_is_one_of_its_own() {
    let by_issuer = |issuers: &[&str]| Settings {
        issuers: issuers.iter().map(|issuer| (*issuer).to_owned()).collect(),
        tenant_claim: "iss".to_owned(),
        ..settings("")
    };
    let [blue, green, other] =
        ["http://localhost/realms/blue", "http://localhost/realms/green", "http://localhost:1/x/blue/"];
    Oidc::new(by_issuer(&[blue, green])).expect("two tenants");
    assert_eq!(
        Oidc::new(by_issuer(&[blue, other])).expect_err("one"),
        Invalid::SameSegment("blue".to_owned())
    );
    for issuer in ["http://localhost", "http://localhost/", "http://localhost//"] {
        assert_eq!(Oidc::new(by_issuer(&[issuer])).expect_err("none"), Invalid::NoSegment(issuer.to_owned()));
    }
    // One realm under two names; two realms with the same keys would be no two tenants.
    let jwks = Some(Source::parse("http://localhost/keys").expect("an address"));
    Oidc::new(Settings { jwks: jwks.clone(), ..by_issuer(&[blue, other]) }).expect("one tenant");
    let shared = Oidc::new(Settings { jwks, ..by_issuer(&[blue, green]) });
    assert_eq!(shared.expect_err("they could sign for each other"), Invalid::SharedKeys);
}

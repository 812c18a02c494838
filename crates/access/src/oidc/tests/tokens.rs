//! Tokens that are good, and everything that can be wrong with one.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use super::{
    super::{access_token::Other, verify::Reason},
    *,
};

#[tokio::test]
async fn a_token_of_each_algorithm_is_its_bearer() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let signers = [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]
        .map(|algorithm| Signer::new(&format!("{algorithm:?}"), algorithm));
    let (issuer, oidc) = start(&signers.each_ref()).await;
    for signer in &signers {
        let token = signer.sign(&claims(&issuer.url));
        // Also a second time, when it is known.
        for _ in 0..2 {
            let identity = accept(&oidc, &token).await;
            assert_eq!(identity.tenant.as_str(), "blue");
            assert_eq!(identity.requester.as_str(), "0b9c6f4e-8b6d-4a33-9f0a-6f3f5f2d6f11");
        }
        let (body, signature) = token.rsplit_once('.').expect("a signature");
        let mut signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64");
        *signature.last_mut().expect("bytes") ^= 1;
        let forged = format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(refuse(&oidc, &forged).await, Reason::Signature, "{}", signer.jwk);
        assert_eq!(refuse(&oidc, &format!("{body}.")).await, Reason::Signature);
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn claims_that_have_to_be_there_are_checked() {
    let signer = Signer::new("a", Algorithm::ES256);
    let (issuer, oidc) = start(&[&signer]).await;
    let [past, now, soon, later] = [-31, 0, 15, 60].map(in_seconds);
    for good in [
        json!({}),
        // Within the leeway.
        json!({"exp": in_seconds(-20)}),
        json!({"nbf": soon, "iat": soon}),
        json!({"nbf": 0}),
        json!({"nbf": now, "iat": null}),
        json!({"exp": in_seconds(90) as f64 + 0.5}),
        json!({"aud": AUDIENCE}),
        json!({"aud": ["other", AUDIENCE]}),
    ] {
        accept(&oidc, &signer.sign(&claims_with(&issuer.url, &good))).await;
    }
    let other_slash = format!("{}/", issuer.url);
    for (bad, reason) in [
        (json!({"exp": past}), Reason::Expired),
        (json!({"exp": null}), Reason::Absent("exp")),
        (json!({"exp": later.to_string()}), Reason::Absent("exp")),
        (json!({"exp": -1}), Reason::Absent("exp")),
        (json!({"exp": 1e19}), Reason::Absent("exp")),
        (json!({"nbf": later}), Reason::TooEarly),
        (json!({"nbf": "0"}), Reason::Absent("nbf")),
        (json!({"iat": later}), Reason::TooEarly),
        (json!({"iat": later, "nbf": now}), Reason::TooEarly),
        (json!({"iat": "now"}), Reason::Absent("iat")),
        (json!({"iat": null}), Reason::NoBeginning),
        (json!({"aud": "other"}), Reason::OtherAudience),
        (json!({"aud": [AUDIENCE.to_uppercase(), "other"]}), Reason::OtherAudience),
        (json!({"aud": []}), Reason::OtherAudience),
        (json!({"aud": null}), Reason::Absent("aud")),
        (json!({"aud": {AUDIENCE: true}}), Reason::Absent("aud")),
        (json!({"iss": null}), Reason::Claims),
        (json!({"iss": [issuer.url]}), Reason::Claims),
        (json!({"iss": "https://other.example.com/realms/blue"}), Reason::OtherIssuer),
        (json!({"iss": issuer.url.to_uppercase()}), Reason::OtherIssuer),
        (json!({"iss": other_slash}), Reason::OtherIssuer),
    ] {
        assert_eq!(refuse(&oidc, &signer.sign(&claims_with(&issuer.url, &bad))).await, reason, "{bad}");
    }
}

#[tokio::test]
async fn tokens_of_other_types_are_refused() {
    let signer = Signer::new("a", Algorithm::ES256);
    let (issuer, oidc) = start(&[&signer]).await;
    let with = |typ: Option<&str>, others: Value| {
        let header = Header { typ: typ.map(str::to_owned), ..signer.header() };
        signer.sign_with(&header, &claims_with(&issuer.url, &others))
    };
    for (typ, others) in [
        (Some("JWT"), json!({})),
        (None, json!({"typ": null})),
        (Some("jwt"), json!({"typ": null})),
        (Some("at+jwt"), json!({"typ": null})),
        (Some("application/at+JWT"), json!({"typ": null, "nonce": "n"})),
        // Keycloak once, or with a mapper.
        (Some("JWT"), json!({"nonce": "n"})),
    ] {
        accept(&oidc, &with(typ, others)).await;
    }
    for (typ, others, other) in [
        (Some("JWT"), json!({"typ": "ID"}), Other::Type),
        (Some("at+jwt"), json!({"typ": "ID"}), Other::Type),
        (Some("JWT"), json!({"typ": "Refresh"}), Other::Type),
        (Some("JWT"), json!({"typ": "Offline"}), Other::Type),
        (Some("JWT"), json!({"typ": "Logout"}), Other::Type),
        (Some("JWT"), json!({"typ": "DPoP"}), Other::Type),
        (Some("JWT"), json!({"typ": 1}), Other::Type),
        (Some("JWT"), json!({"typ": null, "nonce": "n"}), Other::Id),
        (None, json!({"typ": null, "at_hash": "h"}), Other::Id),
        (Some("JWT"), json!({"at_hash": "h"}), Other::Id),
        (Some("JWT"), json!({"c_hash": "h"}), Other::Id),
        (Some("at+jwt"), json!({"s_hash": "h"}), Other::Id),
        (Some("logout+jwt"), json!({"typ": null}), Other::Header),
        (Some("id_token+jwt"), json!({}), Other::Header),
        (Some("dpop+jwt"), json!({}), Other::Header),
        (Some(""), json!({}), Other::Header),
        (None, json!({"typ": null, "events": {}}), Other::Event),
        (Some("JWT"), json!({"cnf": {"jkt": "x"}}), Other::Bound),
    ] {
        let token = with(typ, others.clone());
        assert_eq!(refuse(&oidc, &token).await, Reason::Kind(other), "{typ:?} {others}");
    }
}

#[tokio::test]
async fn garbage_is_refused_and_shown_to_nobody() {
    let signer = Signer::new("a", Algorithm::ES256);
    let (issuer, oidc) = start(&[&signer]).await;
    let token = signer.sign(&claims(&issuer.url));
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().expect("parts");
    for other in ["", "abc", "a.b", "a.b.c.d", "chs_x", "a.b.c.d.e"] {
        assert!(call(&oidc, other).await.is_none(), "{other}");
    }
    let secret = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"s3cret","iss":"s3cret"}"#);
    for bad in [
        "..",
        "a.b.c",
        "%%%.%%%.%%%",
        &format!("{header}.{payload}.%"),
        &format!("{header}.{payload}x.{signature}"),
        &format!("{header}=.{payload}.{signature}"),
        &format!("{payload}.{payload}.{signature}"),
        &format!("{header}.{header}.{signature}"),
        &format!("{header}..{signature}"),
        &format!("{secret}.{payload}.{signature}"),
        &format!("{header}.{secret}.{signature}"),
        &format!("{header}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode("\u{0}[[[")),
        &format!("{header}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode("[".repeat(10_000))),
        &format!("{header}.{}.{signature}", "A".repeat(10_000)),
    ] {
        let reason = refuse(&oidc, bad).await;
        assert!(!format!("{reason} {reason:?}").contains("s3cret"));
    }
    for size in [MAX_BYTES, 1 << 20, 1 << 24] {
        assert_eq!(refuse(&oidc, &format!("{token}{}", "A".repeat(size))).await, Reason::TooLong);
    }
    // The same claim twice is not for a reader to choose from.
    let (body, end) = (claims(&issuer.url).to_string(), format!(r#","iss":"{}"}}"#, issuer.url));
    let twice = BASE64_URL_SAFE_NO_PAD.encode(format!("{}{end}", &body[..body.len() - 1]));
    assert_eq!(refuse(&oidc, &format!("{header}.{twice}.{signature}")).await, Reason::Claims);
    assert!(!format!("{oidc:?}").contains(signer.jwk["x"].as_str().expect("a coordinate")));
}

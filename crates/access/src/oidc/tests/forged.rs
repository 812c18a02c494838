//! Tokens that their issuer has not signed, or not so.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{
    super::{keys::Missing, verify::Reason},
    *,
};

fn base64(json: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn no_token_chooses_how_it_is_verified() {
    let rsa = Signer::new("rsa", Algorithm::RS256);
    let mut ec = Signer::new("ec", Algorithm::ES256);
    ec.jwk.as_object_mut().expect("an object").remove("alg");
    let (issuer, oidc) = start(&[&rsa, &ec]).await;
    let claims = claims(&issuer.url);
    // Not signed at all.
    for alg in ["none", "None", "NONE", "nOnE"] {
        let unsigned = format!("{}.{}.", base64(&json!({"alg": alg, "kid": "rsa"})), base64(&claims));
        assert_eq!(refuse(&oidc, &unsigned).await, Reason::Header);
        assert_eq!(refuse(&oidc, &format!("{unsigned}AAAA")).await, Reason::Header);
    }
    // Signed with the public key, as if it were a secret.
    let modulus = rsa.jwk["n"].as_str().expect("a modulus");
    let mut secrets = rsa.public.clone();
    secrets.extend([
        modulus.into(),
        BASE64_URL_SAFE_NO_PAD.decode(modulus).expect("base64"),
        rsa.jwk.to_string().into(),
    ]);
    for (der, name) in rsa.public.iter().zip(["RSA PUBLIC KEY", "PUBLIC KEY"]) {
        let lines = BASE64_STANDARD.encode(der).into_bytes();
        let lines =
            lines.chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>();
        let pem = format!("-----BEGIN {name}-----\n{}\n-----END {name}-----", lines.join("\n"));
        secrets.extend([pem.clone().into_bytes(), format!("{pem}\n").into_bytes()]);
    }
    for secret in secrets {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            for kid in [Some("rsa".to_owned()), Some("unknown".to_owned()), None] {
                let header = Header { kid, ..Header::new(algorithm) };
                let token = encode(&header, &claims, &EncodingKey::from_secret(&secret)).expect("a token");
                assert_eq!(refuse(&oidc, &token).await, Reason::Secret);
            }
        }
    }
    // With an algorithm that the key is not for, by what the issuer says of it or by its type.
    let header = Header { alg: Algorithm::PS256, ..rsa.header() };
    let other = rsa.sign_with(&header, &claims);
    assert_eq!(refuse(&oidc, &other).await, Reason::NoKey(Missing::OtherAlgorithm));
    let header = Header { kid: ec.header().kid, ..rsa.header() };
    let other = rsa.sign_with(&header, &claims);
    assert_eq!(refuse(&oidc, &other).await, Reason::NoKey(Missing::OtherAlgorithm));
    for alg in ["ES384", "EdDSA", "RS256"] {
        let parts = ec.sign(&claims);
        let (_, rest) = parts.split_once('.').expect("parts");
        let other = format!("{}.{rest}", base64(&json!({"alg": alg, "kid": "ec"})));
        assert_eq!(refuse(&oidc, &other).await, Reason::NoKey(Missing::OtherAlgorithm));
    }
    // A key that the token brings along, or says where it is.
    let own = Signer::new("rsa", Algorithm::RS256);
    let jwk = serde_json::from_value(own.jwk.clone()).expect("a key");
    let header = Header { jwk: Some(jwk), jku: Some(format!("{}/evil", issuer.url)), ..own.header() };
    assert_eq!(refuse(&oidc, &own.sign_with(&header, &claims)).await, Reason::Signature);
    // What a reader has to know of and this one does not.
    let header = Header { crit: Some(vec!["b64".to_owned()]), ..rsa.header() };
    assert_eq!(refuse(&oidc, &rsa.sign_with(&header, &claims)).await, Reason::Critical);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn a_key_is_its_issuers_alone() {
    let [a, b] = ["a", "b"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let [issuer_a, issuer_b] = [Issuer::start(&[&a]).await, Issuer::start(&[&b]).await];
    let issuers = vec![issuer_a.url.clone(), issuer_b.url.clone()];
    let oidc = Oidc::new(Settings { issuers, ..settings("") }).expect("settings");
    accept(&oidc, &a.sign(&claims(&issuer_a.url))).await;
    accept(&oidc, &b.sign(&claims(&issuer_b.url))).await;
    assert_eq!(refuse(&oidc, &a.sign(&claims(&issuer_b.url))).await, Reason::NoKey(Missing::Unknown));
    // Nor where it has the name of one of the other's.
    let token = a.sign_with(&b.header(), &claims(&issuer_b.url));
    assert_eq!(refuse(&oidc, &token).await, Reason::Signature);
    let nameless = Header { kid: None, ..b.header() };
    assert_eq!(refuse(&oidc, &a.sign_with(&nameless, &claims(&issuer_b.url))).await, Reason::Signature);
}

#[tokio::test]
async fn a_token_without_a_keys_name_is_taken_where_there_is_one_key() {
    let [one, two] = ["one", "two"].map(|kid| Signer::new(kid, Algorithm::ES256));
    let rsa = Signer::new("rsa", Algorithm::RS256);
    let nameless = |signer: &Signer| Header { kid: None, ..signer.header() };
    let (issuer, oidc) = start(&[&one, &rsa]).await;
    for signer in [&one, &rsa] {
        accept(&oidc, &signer.sign_with(&nameless(signer), &claims(&issuer.url))).await;
    }
    let (issuer, oidc) = start(&[&one, &two, &rsa]).await;
    let token = one.sign_with(&nameless(&one), &claims(&issuer.url));
    assert_eq!(refuse(&oidc, &token).await, Reason::NoKey(Missing::Ambiguous));
}

#[tokio::test]
async fn keys_that_are_not_for_signatures_are_none() {
    let key = |kid: &str, change: Value| {
        let mut signer = Signer::new(kid, Algorithm::RS256);
        for (name, value) in change.as_object().expect("an object") {
            signer.jwk[name] = value.clone();
        }
        signer
    };
    let signers = [
        key("enc", json!({"use": "enc"})),
        key("oaep", json!({"alg": "RSA-OAEP"})),
        key("new", json!({"alg": "ML-DSA-65"})),
        key("ops", json!({"key_ops": ["encrypt"]})),
        key("odd", json!({"kty": "AKP"})),
        key("wrong", json!({"n": 1})),
        key("good", json!({"key_ops": ["verify"], "x5c": ["AA=="], "d": "AAAA"})),
    ];
    let (issuer, oidc) = start(&signers.each_ref()).await;
    let oct =
        json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode("secret"), "kid": "oct", "alg": "HS256"});
    let keys =
        signers.iter().map(|signer| signer.jwk.clone()).chain([oct, json!(1), json!({})]).collect::<Vec<_>>();
    issuer.publish(issuer::KEYS, 200, &json!({"keys": keys}).to_string());
    let oidc_2 = Oidc::new(settings(&issuer.url)).expect("settings");
    for oidc in [&oidc, &oidc_2] {
        for signer in &signers[..6] {
            let reason = refuse(oidc, &signer.sign(&claims(&issuer.url))).await;
            assert_eq!(reason, Reason::NoKey(Missing::Unknown), "{}", signer.jwk);
        }
        accept(oidc, &signers[6].sign(&claims(&issuer.url))).await;
        let header = Header { kid: Some("oct".to_owned()), ..Header::new(Algorithm::HS256) };
        let token =
            encode(&header, &claims(&issuer.url), &EncodingKey::from_secret(b"secret")).expect("a token");
        assert_eq!(refuse(oidc, &token).await, Reason::Secret);
    }
}

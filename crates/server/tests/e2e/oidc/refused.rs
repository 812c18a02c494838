//! Tokens that are refused by every call and every route, with the same answer.

use channel_session_api::FILE_DESCRIPTOR_SET;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use prost::Message;
use prost_types::FileDescriptorSet;
use serde_json::{Value, json};
use tonic::Code;

use super::{base64, start};
use crate::support::{
    Issuer, Store,
    http2::{Connection, framed},
    issuer::Key,
    on_both_stores,
    timeout::within,
};

on_both_stores!(every_call_and_route_refuses_them_with_the_same_answer);

/// Values of the header that are no good, each for a reason of its own.
fn bad(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = issuer.claims("centre", "blue");
        change(&mut claims);
        issuer.key().sign(&claims)
    };
    let now = issuer.claims("centre", "blue")["iat"].as_u64().unwrap();
    let good = with(&|_| {});
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = signed.split_once('.').unwrap();
    let unsigned = format!("{}.{payload}.", base64(r#"{"alg":"none","typ":"JWT","kid":"one"}"#));
    // As if the key that everybody knows were a secret.
    let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let secret = EncodingKey::from_secret(issuer.key().public().to_string().as_bytes());
    let confused = encode(&header, &issuer.claims("centre", "blue"), &secret).unwrap();
    let removed =
        |name: &'static str| with(&move |claims| drop(claims.as_object_mut().unwrap().remove(name)));
    vec![
        ("expired", with(&|claims| claims["exp"] = json!(now - 120))),
        ("of the future", with(&|claims| claims["nbf"] = json!(now + 3600))),
        ("issued in the future", with(&|claims| claims["iat"] = json!(now + 3600))),
        ("for another audience", with(&|claims| claims["aud"] = json!("account"))),
        ("for an audience of that beginning", with(&|claims| claims["aud"] = json!("channel-sessions-x"))),
        (
            "of another issuer",
            with(&|claims| claims["iss"] = json!("https://keycloak.example/realms/centre")),
        ),
        ("of another realm", with(&|claims| claims["iss"] = json!(issuer.realm("red")))),
        ("of an issuer in other letters", with(&|claims| claims["iss"] = json!(issuer.realm("CENTRE")))),
        ("an ID token", with(&|claims| claims["typ"] = json!("ID"))),
        ("a refresh token", with(&|claims| claims["typ"] = json!("Refresh"))),
        ("without an end", removed("exp")),
        ("without an audience", removed("aud")),
        ("without an issuer", removed("iss")),
        ("without a tenant", removed("tenant_id")),
        ("of a key that nobody knows", Key::generate("two").sign(&issuer.claims("centre", "blue"))),
        ("of another key of that name", Key::generate("one").sign(&issuer.claims("centre", "blue"))),
        ("without a signature", unsigned),
        ("with the public key as a secret", confused),
        ("with a part of the signature", format!("{signed}.{}", &signature[..signature.len() - 4])),
        ("an API key", "chs_made-up".to_owned()),
    ]
}

async fn every_call_and_route_refuses_them_with_the_same_answer(store: Store) {
    let issuer = Issuer::start().await;
    let service = start(store, &issuer.flags(&["centre"]), &[]).await;
    let rest = service.rest();
    let good = issuer.key().sign(&issuer.claims("centre", "blue"));
    assert_eq!(super::send(&rest, &good, http::Method::PUT, "{}").await.status.as_u16(), 201);

    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.into_iter().filter(|file| file.package() == "channelsession.v1");
    let methods: Vec<_> = services.flat_map(|file| file.service).flat_map(|service| service.method).collect();
    assert!(methods.len() >= 10);
    let connection = Connection::open(service.server.address("grpc"), 65_535).await;
    for (what, token) in &bad(&issuer) {
        let authorization = format!("Bearer {token}");
        for method in &methods {
            let headers = [("authorization", &*authorization)];
            let call = connection.call(method.name(), &headers, Some(framed(false, &[])), true).await;
            let status = within("a status", call.status()).await.expect_err("nothing that is asked");
            assert_eq!(status.code(), Code::Unauthenticated, "{what}: {}", method.name());
            let said = "this call needs valid credentials: a bearer token in the Authorization header";
            assert_eq!(status.message(), said);
        }
        for operation in gateway::operations() {
            if operation.is_open {
                continue;
            }
            let path = operation.path.replace("{channelSessionId}", "x");
            let headers = [("authorization", &*authorization)];
            let answer = rest.send(operation.method.clone(), &path, "", &headers).await;
            assert_eq!(answer.status.as_u16(), 401, "{what}: {} {path}", operation.method);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert_eq!(answer.failure().reason, "UNAUTHENTICATED");
        }
    }
}

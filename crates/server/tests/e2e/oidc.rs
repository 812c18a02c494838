//! Callers with tokens of an OpenID Connect issuer: who is refused, everywhere alike, and what the page on Keycloak says.

mod refused;

use channel_session_api::v1::WatchChannelSessionsRequest;
use http::Method;
use serde_json::{Value, json};
use tonic::{Code, Request};

use crate::support::{
    Front, Issuer, Rest, Service, Store,
    issuer::Key,
    on_both_stores,
    rest::Answer,
    timeout::{until, within},
};

on_both_stores!(
    a_token_says_who_calls_until_it_expires,
    realms_are_tenants_as_the_page_on_keycloak_says,
    an_issuer_that_is_down_is_not_missed,
);

async fn start(store: Store, flags: &[String], more: &[&str]) -> Service {
    let flags: Vec<_> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Service::with(store, Front::Combined, &flags).await
}

/// A request about the session `x` with a token.
async fn send(rest: &Rest, token: &str, method: Method, body: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", &*authorization), ("content-type", "application/json")];
    rest.send(method, "/channel-sessions/x", body.to_owned(), &headers).await
}

async fn a_token_says_who_calls_until_it_expires(store: Store) {
    let issuer = Issuer::start().await;
    let service = start(store, &issuer.flags(&["centre"]), &[]).await;
    let rest = service.rest();
    let [blue, green] = ["blue", "green"].map(|tenant| issuer.key().sign(&issuer.claims("centre", tenant)));
    assert_eq!(send(&rest, &blue, Method::PUT, "{}").await.status.as_u16(), 201);
    assert_eq!(send(&rest, &blue, Method::GET, "").await.status.as_u16(), 200);
    assert_eq!(send(&rest, &green, Method::GET, "").await.status.as_u16(), 404);
    assert_eq!(send(&rest, &blue, Method::DELETE, "").await.status.as_u16(), 403);

    let mut claims = issuer.claims("centre", "blue");
    claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 2);
    let mut request = Request::new(WatchChannelSessionsRequest::default());
    let value = format!("Bearer {}", issuer.key().sign(&claims)).parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    let mut watch = service.grpc().await.watch_channel_sessions(request).await.unwrap().into_inner();
    assert!(watch.message().await.unwrap().is_some(), "a checkpoint");
    let end = within("the end of the watch", watch.message()).await.expect_err("its token has expired");
    assert_eq!(end.code(), Code::Unauthenticated);
}

/// `deploy/README.md`, "Tokens of OpenID Connect": audience by a mapper, roles as scopes, a realm for each tenant.
async fn realms_are_tenants_as_the_page_on_keycloak_says(store: Store) {
    let issuer = Issuer::start().await;
    let by_realm = ["--oidc-tenant-claim", "iss", "--oidc-scope-claim", "realm_access.roles"];
    let service = start(store, &issuer.flags(&["blue", "green"]), &by_realm).await;
    let rest = service.rest();
    let token = |realm: &str, change: &dyn Fn(&mut Value)| {
        let mut claims = issuer.claims(realm, "");
        let claims_of_page = claims.as_object_mut().unwrap();
        // No mapper writes a tenant, and no client scopes are assigned.
        claims_of_page.remove("tenant_id");
        claims_of_page.insert("scope".into(), json!("profile email"));
        let roles = ["offline_access", "channel-sessions:read", "channel-sessions:write"];
        claims_of_page.insert("realm_access".into(), json!({"roles": roles}));
        change(&mut claims);
        issuer.key().sign(&claims)
    };
    let [blue, green] = ["blue", "green"].map(|realm| token(realm, &|_| {}));
    assert_eq!(send(&rest, &blue, Method::PUT, "{}").await.status.as_u16(), 201);
    assert_eq!(send(&rest, &green, Method::GET, "").await.status.as_u16(), 404);
    assert_eq!(send(&rest, &green, Method::PUT, "{}").await.status.as_u16(), 201);
    let history = within("history", async {
        let authorization = format!("Bearer {blue}");
        let path = "/channel-sessions/x/history";
        rest.send(Method::GET, path, "", &[("authorization", &authorization)]).await
    });
    // A service that calls for itself is its client.
    assert!(history.await.body.contains(r#""requester":"ivr""#));

    // Step 1: without the mapper, the service is not among those for whom a token is meant.
    let without_mapper = token("blue", &|claims| claims["aud"] = json!("account"));
    assert_eq!(send(&rest, &without_mapper, Method::GET, "").await.status.as_u16(), 401);
    // Step 2: a role that is not assigned.
    let reads = token("blue", &|claims| claims["realm_access"] = json!({"roles": ["channel-sessions:read"]}));
    assert_eq!(send(&rest, &reads, Method::GET, "").await.status.as_u16(), 200);
    assert_eq!(send(&rest, &reads, Method::PUT, "{}").await.status.as_u16(), 403);
    // Step 4: a realm that is not listed, with keys that are known.
    assert_eq!(send(&rest, &token("red", &|_| {}), Method::GET, "").await.status.as_u16(), 401);
}

async fn an_issuer_that_is_down_is_not_missed(store: Store) {
    let mut issuer = Issuer::start().await;
    let service = start(store, &issuer.flags(&["centre"]), &[]).await;
    let rest = service.rest();
    let token = issuer.key().sign(&issuer.claims("centre", "blue"));
    until("the keys are known", async || send(&rest, &token, Method::PUT, "{}").await.status.is_success())
        .await;
    issuer.stop().await;
    // Of each of them, the signature has to be checked.
    for at in 0..20 {
        let mut claims = issuer.claims("centre", "blue");
        claims["jti"] = json!(at);
        let token = issuer.key().sign(&claims);
        assert_eq!(send(&rest, &token, Method::GET, "").await.status.as_u16(), 200);
    }
    let unknown = Key::generate("two").sign(&issuer.claims("centre", "blue"));
    assert_eq!(send(&rest, &unknown, Method::GET, "").await.status.as_u16(), 401);
    assert!(rest.is_ready().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_unknown_keys_cost_the_issuer_one_fetch() {
    let issuer = Issuer::start().await;
    let service = start(Store::Sqlite, &issuer.flags(&["centre"]), &[]).await;
    let (rest, claims) = (service.rest(), issuer.claims("centre", "blue"));
    let good = issuer.key().sign(&claims);
    until("the keys are known", async || send(&rest, &good, Method::PUT, "{}").await.status.is_success())
        .await;
    let before = issuer.fetches();
    let made_up = Key::generate("made-up").sign(&claims);
    let (_, rest_of_token) = made_up.split_once('.').unwrap();
    let started = std::time::Instant::now();
    let attackers = (0..10).map(|attacker| {
        let (rest, rest_of_token) = (service.rest(), rest_of_token.to_owned());
        tokio::spawn(async move {
            for at in 0..1000 {
                let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{attacker}-{at}"}}"#);
                let token = format!("{}.{rest_of_token}", base64(&header));
                assert_eq!(send(&rest, &token, Method::GET, "").await.status.as_u16(), 401);
            }
        })
    });
    let attackers: Vec<_> = attackers.collect();
    while !attackers.iter().all(tokio::task::JoinHandle::is_finished) {
        assert_eq!(send(&rest, &good, Method::GET, "").await.status.as_u16(), 200);
    }
    for attacker in attackers {
        attacker.await.unwrap();
    }
    let minutes = usize::try_from(started.elapsed().as_secs() / 60).unwrap();
    assert!(issuer.fetches() - before <= 1 + minutes, "{}", issuer.fetches());
}

fn base64(text: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

//! Answers without the document, for callers that do not need it: the change is the same.

use http::Method;

use crate::support::{Front, Rest, Service, Store, json, on_both_stores, rest::JSON};

on_both_stores!(in_one_process, through_a_gateway_alone);

async fn in_one_process(store: Store) {
    hold(&Service::start(store).await).await;
}

async fn through_a_gateway_alone(store: Store) {
    hold(&Service::with(store, Front::Alone, &[]).await).await;
}

const MINIMAL: (&str, &str) = ("prefer", "return=minimal");
const ONE: &str = r#"[{"key":"k","type":"Number","value":0.10}]"#;

/// Makes a change whose answer is to have nothing of the document, under a preference or with a view.
async fn change(rest: &Rest, method: Method, path: &str, body: &str, status: u16, revision: i64) {
    let prefers = !body.contains("VIEW_BASIC");
    let headers = if prefers { &[JSON[0], MINIMAL][..] } else { &JSON };
    let answer = rest.send(method, path, body.to_owned(), headers).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (status, ""), "{path}: {answer:?}");
    assert_eq!(answer.revision(), revision, "{path}: {answer:?}");
    let applied = answer.headers.get("preference-applied").map(|value| value.to_str().unwrap());
    assert_eq!(applied, prefers.then_some("return=minimal"), "{path}");
    let there = rest.get("x").await;
    assert_eq!(there.revision(), revision, "{path}");
    assert!(!there.document().is_empty());
}

async fn hold(service: &Service) {
    let rest = service.rest();
    change(&rest, Method::POST, "/channel-sessions", r#"{"id":"x","n":0.10}"#, 201, 1).await;
    change(&rest, Method::PUT, "/channel-sessions/x", r#"{"n":0.20}"#, 204, 2).await;
    change(&rest, Method::PUT, "/forms/x", ONE, 204, 3).await;
    let patch = |members: &str| format!(r#"{{"attributes":{},{members}}}"#, ONE.replace("0.10", "0.20"));
    change(&rest, Method::PATCH, "/channel-sessions/x", &patch(r#""validateOnly":true"#), 204, 3).await;
    change(&rest, Method::PATCH, "/channel-sessions/x", &patch(r#""requestId":"r""#), 204, 4).await;
    // Sent again, it is the same request, however its answer is to look.
    let basic = r#""requestId":"r","view":"CHANNEL_SESSION_VIEW_BASIC""#;
    change(&rest, Method::PATCH, "/channel-sessions/x", &patch(basic), 204, 4).await;
    let whole = rest.send(Method::PATCH, "/channel-sessions/x", patch(r#""requestId":"r""#), &JSON).await;
    assert_eq!(json(whole.document()), json(rest.get("x").await.document()));

    let batch = format!(
        r#"{{"requests":[{{"channelSessionId":"x","removeKeys":["k"]}},{{"channelSessionId":"x","attributes":{ONE},"view":"CHANNEL_SESSION_VIEW_JSON"}},{{"channelSessionId":"none"}}]}}"#
    );
    let headers = [JSON[0], MINIMAL];
    let answer = rest.send(Method::POST, "/batch-update-data", batch, &headers).await;
    let results = answer.document().to_owned();
    assert!(
        results.starts_with(r#"{"results":[{"etag":"\"5\"","changed":true},{"channelSession":{"#),
        "{results}"
    );
    assert!(results.contains(r#""etag":"\"6\"","changed":true},{"error":{"status":404,"#), "{results}");

    // What is refused is a problem as ever.
    let refused = rest.send(Method::PUT, "/forms/x", r#"[{"key":"k"}]"#, &headers).await;
    assert_eq!((refused.status.as_u16(), &*refused.failure().reason), (400, "INVALID_ATTRIBUTES"));
    assert!(!refused.headers.contains_key("preference-applied"));
    change(&rest, Method::POST, "/channel-sessions/x/end", r#"{"reasonCode":"AGENT"}"#, 204, 7).await;
}

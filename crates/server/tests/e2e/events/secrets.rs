//! Values that are or were passwords: who gets the session sees them, who hears of it does not, and the log least of all.

use http::Method;

use crate::support::{
    Caller, Front, Service, Sse, Store, Watch,
    caller::{expect, set},
    history::history,
    on_both_stores,
    rest::JSON,
    watch::everything,
};

on_both_stores!(passwords_are_told_to_nobody);

/// Parts of passwords that nothing else would hold by chance.
const MARKERS: [&str; 4] = ["Aa1-first-aec73f", "Aa1-second-aec73f", "Aa1-third-aec73f", "Aa1-other-aec73f"];
const MASK: &str = "\"********\"";

async fn passwords_are_told_to_nobody(store: Store) {
    let [first, second, third, other] = MARKERS;
    let quoted = |text: &str| format!("\"{text}\"");
    let service = Service::with(store, Front::Alone, &[]).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let caller = Caller::Rest(rest.clone());
    let mut watch = Watch::start(&grpc, everything("")).await;
    let from = watch.position.clone();
    let mut sse = Sse::open(&rest, "").await;

    let entries = [
        format!(r#"{{"key":"pin","type":"Password","value":"{first}"}}"#),
        // Of a key that holds a password anywhere, nothing is shown.
        format!(r#"{{"key":"other","type":"Password","value":["{other}"]}}"#),
    ];
    let document = format!(
        r#"{{"id":"x","conversationId":"c","channelData":{{"additionalAttributes":[{}]}}}}"#,
        entries.join(",")
    );
    assert_eq!(rest.create(document).await.status, 201);
    caller.update(&set("x", "pin", "Password", quoted(second))).await.unwrap();
    // What was a password still is one when it gets another type, and what becomes one was one.
    caller.update(&set("x", "pin", "String50", quoted(third))).await.unwrap();
    caller.update(&set("x", "pin", "Password", quoted(first))).await.unwrap();
    caller.update(&set("x", "plain", "String50", "\"to be seen\"")).await.unwrap();
    // Whoever asks for the session gets it as it is.
    assert!(rest.get("x").await.body.contains(first));
    // So does whoever asks what an attribute is instead of what it expected.
    let wrong = channel_session_api::v1::UpdateDataRequest {
        preconditions: vec![expect("pin", &quoted(second))],
        ..set("x", "k", "Number", 1)
    };
    assert_eq!(caller.update(&wrong).await.unwrap_err().reason, "ATTRIBUTE_MISMATCH");
    let body = r#"{"removeKeys":["pin"]}"#;
    assert_eq!(rest.send(Method::PATCH, "/channel-sessions/x", body, &JSON).await.status, 200);
    let end = rest.send(Method::POST, "/channel-sessions/x/end", r#"{"reasonCode":"AGENT"}"#, &JSON).await;
    assert_eq!(end.status, 200);

    let received = watch.take(7).await;
    let sent = sse.take(7).await;
    let resumed = Watch::start(&grpc, everything(&from)).await.take(7).await;
    assert_eq!(resumed, received);
    let past = history(&grpc, "x", "", 100).await;
    let of_key = history(&grpc, "x", "pin", 100).await;
    let path = "/channel-sessions/x/history";
    let over_rest = rest.send(Method::GET, path, "", &[]).await;
    assert_eq!((past.len(), of_key.len()), (7, 5));
    let heard = [format!("{received:?}"), format!("{sent:?}"), format!("{past:?}{of_key:?}"), over_rest.body];
    for heard in &heard {
        for marker in MARKERS {
            assert!(!heard.contains(marker), "{marker}: {heard}");
        }
        assert!(heard.contains("to be seen") && heard.contains("********"), "{heard}");
    }
    for event in &received {
        let event: serde_json::Value = serde_json::from_str(&event.json).unwrap();
        for copy in ["channelSession", "data"] {
            assert!(event[copy].to_string().contains(MASK), "{copy}: {event}");
        }
    }

    let last = [("x-request-id", "the-last")];
    rest.send(Method::GET, path, "", &last).await;
    let gateway = service.gateway.as_ref().unwrap();
    for process in [gateway, &service.server] {
        // Lines come in the order in which they were written, so all of the others are there now.
        let is_last = |line: &serde_json::Value| line["span"]["request_id"] == "the-last";
        crate::support::timeout::until("a line of the log", async || process.log().iter().any(is_last)).await;
        for line in process.log() {
            let line = line.to_string();
            assert!(!MARKERS.iter().any(|marker| line.contains(marker)), "{line}");
        }
    }
}

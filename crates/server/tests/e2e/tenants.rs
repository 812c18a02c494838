//! What another tenant has is not there: whatever is asked of its sessions is answered as if there were none.

mod grpc;

use http::{HeaderMap, Method};
use serde_json::Value;

use crate::support::{
    Front, Store, also_with_row_level_security,
    guarded::{Guarded, key},
    rest::Answer,
    timeout::within,
};

also_with_row_level_security!(
    no_route_shows_or_changes_what_another_tenant_has,
    names_of_tenants_and_ids_are_compared_byte_by_byte,
);

const ALL: &[&str] = &["channel-sessions:read", "channel-sessions:write", "channel-sessions:delete"];

/// What is in all of blue's documents, and may be in no answer to green.
const CANARY: &str = "canary-of-blue";

/// A session of blue, and an id that nobody has. By what is asked last, green makes sessions of both.
const IDS: [&str; 2] = ["of-blue", "nowhere"];

/// A service with two tenants, of which blue has sessions.
async fn two_tenants(store: Store, front: Front) -> Guarded {
    let guarded = Guarded::start(store, front, &[("ivr", "blue", ALL), ("bot", "green", ALL)]).await;
    for id in [IDS[0], "second-of-blue"] {
        let document = format!(
            r#"{{"conversationId":"{CANARY}","customer":{{"_id":"{CANARY}"}},"channelData":{{"additionalAttributes":[]}}}}"#
        );
        let created = guarded.rest("ivr", Method::PUT, &format!("/channel-sessions/{id}"), &document).await;
        assert_eq!(created.status.as_u16(), 201, "{created:?}");
        let body = format!(r#"[{{"key":"k","type":"String50","value":"{CANARY}"}}]"#);
        assert_eq!(guarded.rest("ivr", Method::PUT, &format!("/forms/{id}"), &body).await.revision(), 2);
    }
    guarded
}

/// An answer without what differs from call to call, and with the id that was asked for under one name.
fn plain(answer: &Answer, id: &str) -> (u16, Vec<(String, String)>, String) {
    let named = |text: &str| text.replace(id, "{id}");
    let differs = |name: &str| ["date", "x-request-id"].contains(&name);
    let headers: &HeaderMap = &answer.headers;
    let headers = headers.iter().filter(|(name, _)| !differs(name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), named(value.to_str().unwrap())));
    let request_id = answer.headers.get("x-request-id").map_or("", |value| value.to_str().unwrap());
    let body = if request_id.is_empty() { answer.body.clone() } else { answer.body.replace(request_id, "") };
    (answer.status.as_u16(), headers.collect(), named(&body))
}

async fn no_route_shows_or_changes_what_another_tenant_has(store: Store) {
    for front in [Front::Combined, Front::Alone] {
        let guarded = two_tenants(store, front).await;
        let before = guarded.rest("ivr", Method::GET, "/channel-sessions/of-blue", "").await;
        let update = r#"[{"key":"k","type":"Number","value":1}]"#;
        let one = r#"{"attributes":[{"key":"k","type":"Number","value":1}]}"#;
        let batch = r#"{"requests":[{"channelSessionId":"{id}","attributes":[{"key":"k","type":"Number","value":1}]}]}"#;
        for (method, path, body, headers) in [
            (Method::PUT, "/forms/{id}", update, &[][..]),
            (Method::PUT, "/forms/{id}", update, &[("if-match", "\"2\"")]),
            (Method::PATCH, "/channel-sessions/{id}", one, &[]),
            (Method::PATCH, "/channel-sessions/{id}", one, &[("idempotency-key", "of-green")]),
            (Method::POST, "/batch-update-data", batch, &[]),
            (Method::POST, "/channel-sessions/{id}/end", r#"{"reasonCode":"AGENT"}"#, &[]),
            (Method::GET, "/channel-sessions/{id}", "", &[]),
            (Method::GET, "/channel-sessions/{id}", "", &[("if-none-match", "\"2\"")]),
            (Method::GET, "/channel-sessions/{id}/history", "", &[]),
            (Method::DELETE, "/channel-sessions/{id}", "", &[]),
            (Method::DELETE, "/channel-sessions/{id}?allowMissing=true", "", &[]),
            (Method::GET, "/channel-sessions?conversationId={id}", "", &[]),
            (Method::PUT, "/channel-sessions/{id}", "{}", &[("if-match", "\"2\"")]),
            (Method::PUT, "/channel-sessions/{id}", "{}", &[("if-none-match", "*")]),
        ] {
            let mut answers = Vec::new();
            for id in IDS {
                let (path, body) = (path.replace("{id}", id), body.replace("{id}", id));
                let answer = send(&guarded, &method, &path, &body, headers).await;
                assert!(!answer.body.contains(CANARY), "{method} {path}: {answer:?}");
                answers.push(plain(&answer, id));
            }
            assert_eq!(answers[0], answers[1], "{method} {path}");
        }
        let after = guarded.rest("ivr", Method::GET, "/channel-sessions/of-blue", "").await;
        assert_eq!((after.revision(), &after.body), (before.revision(), &before.body));
        lists_and_tokens(&guarded).await;
        request_ids_and_positions(&guarded).await;
    }
}

/// A request of green.
async fn send(
    guarded: &Guarded,
    method: &Method,
    path: &str,
    body: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let authorization = format!("Bearer {}", key("bot"));
    let own = [("authorization", &*authorization), ("content-type", "application/json")];
    let headers = [&own, headers].concat();
    guarded.service.rest().send(method.clone(), path, body.to_owned(), &headers).await
}

async fn lists_and_tokens(guarded: &Guarded) {
    let next = |answer: &Answer| {
        let page: Value = serde_json::from_str(&answer.body).unwrap();
        page["nextPageToken"].as_str().unwrap().to_owned()
    };
    let page = guarded.rest("ivr", Method::GET, "/channel-sessions?pageSize=1", "").await;
    let history = guarded.rest("ivr", Method::GET, "/channel-sessions/of-blue/history?pageSize=1", "").await;
    for (path, token) in [
        ("/channel-sessions?pageSize=1", next(&page)),
        ("/channel-sessions/of-blue/history?pageSize=1", next(&history)),
    ] {
        let stolen = send(guarded, &Method::GET, &format!("{path}&pageToken={token}"), "", &[]).await;
        assert!(![CANARY, "second", "ivr"].iter().any(|of_blue| stolen.body.contains(of_blue)), "{stolen:?}");
    }
    for filter in ["", "?active=true", "?conversationId=canary-of-blue", "?customerId=canary-of-blue"] {
        let answer = send(guarded, &Method::GET, &format!("/channel-sessions{filter}"), "", &[]).await;
        assert!(answer.status.is_success(), "{filter}: {answer:?}");
        assert!(
            ![CANARY, "second"].iter().any(|of_blue| answer.body.contains(of_blue)),
            "{filter}: {answer:?}"
        );
    }
}

async fn request_ids_and_positions(guarded: &Guarded) {
    // The same request id is another one, whatever it did for the other tenant.
    let body = r#"{"attributes":[{"key":"k","type":"Number","value":1}]}"#;
    let path = "/channel-sessions/shared";
    for caller in ["ivr", "bot"] {
        assert_eq!(guarded.rest(caller, Method::PUT, path, "{}").await.status.as_u16(), 201);
        let authorization = format!("Bearer {}", key(caller));
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", "shared"),
        ];
        let answer = guarded.service.rest().send(Method::PATCH, path, body, &headers).await;
        assert_eq!((answer.status.as_u16(), answer.revision()), (200, 2), "{answer:?}");
    }
    // A stream from blue's last position, and from before all of blue's changes, delivers green's own.
    let watch = async |caller: &str, from: Option<&str>| {
        let authorization = format!("Bearer {}", key(caller));
        let mut headers = vec![("authorization", &*authorization)];
        headers.extend(from.map(|position| ("last-event-id", position)));
        guarded.service.rest().request(Method::GET, "/events", "", &headers).await.unwrap()
    };
    let mut of_blue = grpc::ids(watch("ivr", None).await);
    let position = within("blue's first position", of_blue.next()).await;
    guarded.rest("ivr", Method::PUT, "/forms/of-blue", r#"[{"key":"n","type":"Number","value":2}]"#).await;
    let mut of_green = grpc::ids(watch("bot", Some(&position)).await);
    within("green's first position", of_green.next()).await;
    guarded.rest("bot", Method::PUT, "/forms/shared", r#"[{"key":"n","type":"Number","value":2}]"#).await;
    within("green's event", of_green.until("event: CHANNEL_SESSION_DATA_UPDATED")).await;
    let received = within("what it says", of_green.until("data:")).await;
    assert!(
        received.contains("shared") && !received.contains("of-blue") && !received.contains("ivr"),
        "{received}"
    );
}

/// Neither a database's collation nor what a name looks like makes one out of two.
async fn names_of_tenants_and_ids_are_compared_byte_by_byte(store: Store) {
    let tenants = ["blue", "Blue", "blue/a", "blue%2Fa", "blue:a", "blu\u{e9}", "blue\u{301}"];
    let names: Vec<_> = (0..tenants.len()).map(|at| format!("caller{at}")).collect();
    let callers: Vec<_> = names.iter().zip(tenants).map(|(name, tenant)| (&**name, tenant, ALL)).collect();
    let guarded = Guarded::start(store, Front::Combined, &callers).await;
    let ids = ["a", "A", "%C3%A1", "a%CC%81", "a%2Fb", "a:b"];
    for (name, tenant) in names.iter().zip(tenants) {
        for id in ids {
            let path = format!("/channel-sessions/{id}");
            let missing = guarded.rest(name, Method::GET, &path, "").await;
            assert_eq!(missing.status.as_u16(), 404, "{tenant} {id}");
            let document = format!(r#"{{"of":"{tenant} {id}"}}"#);
            assert_eq!(guarded.rest(name, Method::PUT, &path, &document).await.status.as_u16(), 201);
        }
    }
    for (name, tenant) in names.iter().zip(tenants) {
        let list = guarded.rest(name, Method::GET, "/channel-sessions", "").await;
        let page: Value = serde_json::from_str(&list.body).unwrap();
        let documents = page["channelSessions"].as_array().unwrap();
        assert_eq!(documents.len(), ids.len(), "{tenant}: {page}");
        for document in documents {
            let of = document["document"]["of"].as_str().unwrap();
            assert!(of.strip_prefix(tenant).is_some_and(|id| id.starts_with(' ')), "{tenant}: {of}");
        }
    }
}

//! The past of a session, newest first: the same over both transports, of all or of one key, page by page.

use channel_session_api::v1::{ChannelSessionEvent, EventName, ListChannelSessionHistoryRequest};
use http::Method;
use json::Value;

use super::{live, member, text};
use crate::support::{
    Caller, Rest, Service, Store, Watch, caller::set, document::value_text, history::history, json,
    on_both_stores, rest::encode, watch::everything,
};

on_both_stores!(
    the_past_is_told_newest_first,
    the_past_of_a_key_is_told_alone,
    a_change_of_long_ago_is_found_page_by_page,
);

/// The past over REST, page by page.
async fn over_rest(rest: &Rest, id: &str, key: &str, page_size: usize) -> Vec<Value> {
    let mut events = Vec::new();
    let mut token = String::new();
    loop {
        let mut path = format!("/channel-sessions/{}/history?pageSize={page_size}", encode(id));
        for (name, value) in [("key", key), ("pageToken", &token)] {
            path += &if value.is_empty() { String::new() } else { format!("&{name}={}", encode(value)) };
        }
        let page = json(rest.send(Method::GET, &path, "", &[]).await.document());
        let Value::Array(found) = member(&page, "events") else { panic!("no list: {page}") };
        assert!(found.len() <= page_size, "{} of {page_size}", found.len());
        events.extend(found.iter().cloned());
        match page.as_object().unwrap().get("nextPageToken") {
            Some(next) => token = next.as_str().unwrap().to_owned(),
            None => return events,
        }
    }
}

/// An event of the past as REST has it.
fn as_json(event: &ChannelSessionEvent) -> Value {
    let quoted = |text: &str| json::Tree::String(text.into()).to_text();
    let time = event.timestamp.unwrap();
    let changes = event.changes.iter().map(|change| {
        let mut members =
            vec![format!(r#""key":{}"#, quoted(&change.key)), format!(r#""index":{}"#, change.index)];
        for (entry, which) in [(&change.before, "old"), (&change.after, "new")] {
            let Some(entry) = entry else { continue };
            members.push(format!(r#""{which}Type":{}"#, quoted(&entry.r#type)));
            members.extend(value_text(entry).map(|value| format!(r#""{which}Value":{value}"#)));
        }
        format!("{{{}}}", members.join(","))
    });
    json(&format!(
        r#"{{"id":"{}","name":"CHANNEL_SESSION_{}","timestamp":{},"conversationId":{},"change":{{"channelSessionId":{},"revision":{},"requester":"{}","requestId":{},"traceId":null,"attributes":[{}]}}}}"#,
        event.id,
        event.name().as_str_name().strip_prefix("EVENT_NAME_").unwrap(),
        time.seconds * 1000 + i64::from(time.nanos) / 1_000_000,
        event.conversation_id.as_deref().map_or_else(|| "null".to_owned(), quoted),
        quoted(&event.channel_session_id),
        event.revision,
        event.requester,
        if event.request_id.is_empty() { "null".to_owned() } else { quoted(&event.request_id) },
        changes.collect::<Vec<_>>().join(","),
    ))
}

async fn the_past_is_told_newest_first(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let mut watch = Watch::start(&grpc, everything("")).await;
    let count = live(&service).await;
    let received = watch.take(count).await;
    for id in ["a", "b"] {
        // What was delivered as it happened, without the whole of it, the other way round.
        let mut expected: Vec<_> =
            received.iter().filter(|event| event.channel_session_id == id).cloned().collect();
        expected.iter_mut().for_each(|event| event.json.clear());
        expected.reverse();
        for page_size in [1, 2, 100] {
            let past = history(&grpc, id, "", page_size).await;
            assert_eq!(past, expected, "{id} by {page_size}");
            let page_size = usize::try_from(page_size).unwrap();
            let found = over_rest(&rest, id, "", page_size).await;
            assert_eq!(found, past.iter().map(as_json).collect::<Vec<_>>(), "{id} by {page_size}");
        }
    }
    // The past knows what the document was made of: every digit, and what was not there.
    let past = over_rest(&rest, "a", "", 100).await;
    let changes: Vec<_> =
        past.iter().map(|event| member(member(event, "change"), "attributes").clone()).collect();
    let expected = [
        r#"[{"key":"l","index":0,"oldType":"Number","oldValue":[1.0]},
            {"key":"m","index":1,"oldType":"String50","oldValue":"ä\u0001"}]"#,
        r#"[{"key":"k","index":0,"oldType":"Number","oldValue":0.1},
            {"key":"m","index":1,"newType":"String50","newValue":"ä\u0001"}]"#,
        r#"[{"key":"l","index":1,"newType":"Number","newValue":[1.0]}]"#,
        r#"[{"key":"k","index":0,"oldType":"Number","oldValue":0.10,"newType":"Number","newValue":0.1}]"#,
        r#"[{"key":"k","index":0,"newType":"Number","newValue":0.10}]"#,
        "[]",
    ];
    assert_eq!(changes, expected.map(json));
    assert_eq!(text(member(&past[1], "change"), "requestId"), "r");
    assert_eq!(text(&past[0], "name"), "CHANNEL_SESSION_ENDED");
    // Of a session that was deleted, nothing is.
    let answer = rest.send(Method::GET, "/channel-sessions/none/history", "", &[]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (404, "CHANNEL_SESSION_NOT_FOUND"));
}

async fn the_past_of_a_key_is_told_alone(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    live(&service).await;
    for (key, expected) in [("k", &[5, 3, 2][..]), ("l", &[6, 4]), ("m", &[6, 5]), ("K", &[]), ("'; --", &[])]
    {
        for page_size in [1, 2, 100] {
            let past = history(&grpc, "a", key, page_size).await;
            assert_eq!(past.iter().map(|event| event.revision).collect::<Vec<_>>(), expected, "{key}");
            let is_of_key =
                |event: &ChannelSessionEvent| event.changes.iter().all(|change| change.key == key);
            assert!(past.iter().all(is_of_key), "{key}: {past:?}");
            assert!(past.iter().all(|it| it.name() != EventName::Started));
            let found = over_rest(&rest, "a", key, usize::try_from(page_size).unwrap()).await;
            assert_eq!(found, past.iter().map(as_json).collect::<Vec<_>>(), "{key} by {page_size}");
        }
    }
}

/// A page looks at so much of what changed, and no more: those who follow the tokens find what is behind it, and come to an end
/// where there is nothing.
async fn a_change_of_long_ago_is_found_page_by_page(store: Store) {
    // Each has what was there before it, too: more than is looked at for a page of the history.
    const LARGE: usize = 60_000;
    const CHANGES: usize = 120;
    let service = Service::start(store).await;
    let (client, rest) = (service.grpc().await, service.rest());
    service.create("a", "{}").await;
    let caller = Caller::Grpc(client.clone());
    caller.update(&set("a", "old", "Number", 1)).await.unwrap();
    for number in 0..CHANGES {
        let value = format!(r#"{{"n":{number},"text":"{}"}}"#, "x".repeat(LARGE));
        caller.update(&set("a", "large", "WebChannelData", value)).await.unwrap();
    }
    for (key, expected) in [("old", &[2][..]), ("never", &[])] {
        let request = ListChannelSessionHistoryRequest {
            channel_session_id: "a".to_owned(),
            key: key.to_owned(),
            ..Default::default()
        };
        let first = client.clone().list_channel_session_history(request).await.unwrap().into_inner();
        assert!(first.events.is_empty() && !first.next_page_token.is_empty(), "{key}: {first:?}");
        let page = json(
            rest.send(Method::GET, &format!("/channel-sessions/a/history?key={key}"), "", &[])
                .await
                .document(),
        );
        assert!(page.as_object().unwrap().get("nextPageToken").is_some(), "{key}: {page}");
        for page_size in [1, 100] {
            let past = history(&client, "a", key, page_size).await;
            assert_eq!(past.iter().map(|event| event.revision).collect::<Vec<_>>(), expected, "{key}");
            let found = over_rest(&rest, "a", key, usize::try_from(page_size).unwrap()).await;
            assert_eq!(found, past.iter().map(as_json).collect::<Vec<_>>(), "{key} by {page_size}");
        }
    }
    assert_eq!(history(&client, "a", "large", 7).await.len(), CHANGES);
}

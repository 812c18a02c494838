//! What a watcher asks for: a session's changes, a conversation's, or those of some keys.

use channel_session_api::v1::WatchChannelSessionsRequest;
use http::Method;

use super::{kept, live};
use crate::support::{
    Service, Sse, Store, Watch, on_both_stores,
    rest::JSON,
    watch::{conversation, everything, session},
};

on_both_stores!(a_watch_is_told_what_it_asked_for);

async fn a_watch_is_told_what_it_asked_for(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let with_keys = |request: WatchChannelSessionsRequest, keys: &[&str]| WatchChannelSessionsRequest {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        ..request
    };
    // What is asked for, the same as a query, and the sessions and revisions that are delivered.
    let cases: Vec<(_, &str, &[(&str, i64)])> = vec![
        (session("a"), "channelSessionId=a", &[("a", 1), ("a", 2), ("a", 3), ("a", 4), ("a", 5), ("a", 6)]),
        (session("none"), "channelSessionId=none", &[("none", 1), ("none", 2), ("none", 3)]),
        // A session of it until it moves to another; what ended may still be delivered.
        (conversation("c1"), "conversationId=c1", &[("a", 1), ("a", 2), ("a", 3), ("a", 4), ("a", 5)]),
        (conversation("c2"), "conversationId=c2", &[("b", 1), ("b", 2), ("a", 6), ("b", 3)]),
        (with_keys(everything(""), &["k"]), "key=k", &[("a", 2), ("b", 2), ("a", 3), ("a", 5)]),
        (with_keys(everything(""), &["l", "m"]), "key=l&key=m", &[("none", 2), ("a", 4), ("a", 5), ("a", 6)]),
        (with_keys(session("a"), &["l"]), "channelSessionId=a&key=l", &[("a", 4), ("a", 6)]),
        (with_keys(everything(""), &["K"]), "key=K", &[]),
    ];
    let from = Watch::start(&grpc, everything("")).await.position;
    let mut watches = Vec::new();
    for (request, query, _) in &cases {
        watches.push((Watch::start(&grpc, request.clone()).await, Sse::open(&rest, query).await));
    }
    live(&service).await;
    // Delivered to each of them, and so the end of what has to be delivered.
    for id in ["a", "none"] {
        rest.send(
            Method::PUT,
            &format!("/channel-sessions/{id}"),
            r#"{"isActive":true,"conversationId":"c1"}"#,
            &JSON,
        )
        .await;
    }
    service.create("end", r#"{"conversationId":"c2"}"#).await;
    let list =
        ["k", "l", "m", "K"].map(|key| format!(r#"{{"key":"{key}","type":"Number","value":99}}"#)).join(",");
    for id in ["a", "none", "end"] {
        rest.update(id, format!("[{list}]")).await;
    }
    for ((request, query, expected), (watch, sse)) in cases.iter().zip(&mut watches) {
        let received = watch.take(expected.len() + 1).await;
        let revisions: Vec<_> =
            received.iter().map(|event| (&*event.channel_session_id, event.revision)).collect();
        assert_eq!(&revisions[..expected.len()], *expected, "{query}");
        // The next one is of the end, so there was nothing more.
        let (next, limit) = (&received[expected.len()], |id: &str| match id {
            "a" => 7,
            "none" => 4,
            "end" => 1,
            _ => i64::MAX,
        });
        assert!(next.revision >= limit(&next.channel_session_id), "{query}: {next:?}");
        let sent: Vec<_> = sse.take(received.len()).await.into_iter().map(|message| message.data).collect();
        assert_eq!(sent, received.iter().map(|event| event.json.clone()).collect::<Vec<_>>(), "{query}");
        // The same from the past.
        let kept = kept(&received);
        let request = WatchChannelSessionsRequest { position: from.clone(), ..request.clone() };
        assert_eq!(Watch::start(&grpc, request).await.take(kept.len()).await, kept, "{query}");
        let mut resumed = Sse::resume(&rest, query, &from).await;
        let sent: Vec<_> = resumed.take(kept.len()).await.into_iter().map(|message| message.data).collect();
        assert_eq!(sent, kept.iter().map(|event| event.json.clone()).collect::<Vec<_>>(), "{query}");
    }
}

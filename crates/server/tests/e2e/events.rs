//! What happens to sessions, as watchers over gRPC and over Server-Sent Events hear of it: each change once, in order, and
//! in the contract's shape.

mod expired;
mod past;
mod secrets;

use channel_session_api::v1::{ChannelSessionEvent, ChannelSessionEventName, WatchChannelSessionsRequest};
use domain::json::Value;
use http::Method;
use store_testkit::seed::CHANNEL_SESSION;

use crate::support::{
    Caller, Client, Front, Rest, Service, Sse, Store, Watch,
    caller::set,
    json, on_both_stores,
    service::connect,
    watch::{conversation, everything, session},
};

on_both_stores!(
    a_watch_and_a_stream_tell_the_same,
    an_event_has_the_contracts_shape,
    a_watch_is_told_what_it_asked_for,
    a_position_leads_on_from_each_event,
    a_position_survives_a_restart,
);

/// A life with all that can happen in it, of sessions of two conversations; how many events that makes.
async fn live(service: &Service) -> usize {
    let (grpc, rest) = (Caller::Grpc(service.grpc().await), service.rest());
    rest.create(r#"{"id":"a","conversationId":"c1","isActive":true,"n":0.10}"#).await;
    rest.create(r#"{"id":"b","topicId":"c2"}"#).await;
    rest.create(r#"{"id":"none"}"#).await;
    for (id, key, value) in
        [("a", "k", "0.10"), ("b", "k", "1"), ("a", "k", "0.1"), ("none", "l", "2"), ("a", "l", "[1.0]")]
    {
        grpc.update(&set(id, key, "Number", value)).await.unwrap();
    }
    // What changes nothing is no event.
    grpc.update(&set("a", "k", "Number", "0.1")).await.unwrap();
    let body = r#"{"removeKeys":["k"],"attributes":[{"key":"m","type":"String50","value":"ä\u0001"}],"requestId":"r"}"#;
    let patched = rest.send(Method::PATCH, "/channel-sessions/a", body, &[]).await;
    assert_eq!(patched.status, 200, "{patched:?}");
    let put =
        rest.send(Method::PUT, "/channel-sessions/a", r#"{"conversationId":"c2","active":false}"#, &[]).await;
    assert_eq!(put.status, 200, "{put:?}");
    let end = rest.send(Method::POST, "/channel-sessions/b/end", r#"{"reasonCode":"AGENT"}"#, &[]).await;
    assert_eq!(end.status, 200, "{end:?}");
    // A deletion erases what was before, for watchers too that have not been told yet. A watch begins behind what all of
    // them have been told, or will be.
    Watch::start(&service.grpc().await, everything("")).await;
    let delete = rest.send(Method::DELETE, "/channel-sessions/none", "", &[]).await;
    assert_eq!(delete.status, 204, "{delete:?}");
    12
}

/// Makes a change that is told to whoever watches a session, so that nothing before it can be still to come.
async fn last(service: &Service, id: &str) {
    Caller::Rest(service.rest()).update(&set(id, "last", "Boolean", true)).await.unwrap();
}

/// What is left of events that were told: a deletion erases those before it.
fn kept(told: &[ChannelSessionEvent]) -> Vec<ChannelSessionEvent> {
    let is_kept = |event: &&ChannelSessionEvent| event.channel_session_id != "none" || event.revision >= 3;
    told.iter().filter(is_kept).cloned().collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    member(value, name).as_str().unwrap()
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.as_object().and_then(|it| it.get(name)).unwrap_or_else(|| panic!("no {name} in {value}"))
}

async fn a_watch_and_a_stream_tell_the_same(store: Store) {
    let service = Service::with(store, Front::Alone, &[]).await;
    let grpc = service.grpc().await;
    let mut watch = Watch::start(&grpc, everything("")).await;
    let mut second = Watch::start(&grpc, everything("")).await;
    let mut through_gateway = Sse::open(&service.rest(), "").await;
    let mut in_process = Sse::open(&Rest::new(service.server.address("http")), "").await;

    let count = live(&service).await;
    last(&service, "64e2f08a6155b317cd3f88fd").await;
    let told = watch.take(count + 1).await;
    assert_eq!(second.take(count + 1).await, told);
    let sent = through_gateway.take(count + 1).await;
    assert_eq!(in_process.take(count + 1).await, sent);
    for (event, message) in told.iter().zip(&sent) {
        assert_eq!(message.data, event.event_json);
        let name = event.name().as_str_name();
        assert_eq!(format!("CHANNEL_SESSION_EVENT_NAME_{}", message.event), name);
    }
    // Each once, and in order: of each session, one revision after the other.
    let of = |id: &str| -> Vec<(i64, ChannelSessionEventName)> {
        let events = told.iter().filter(|event| event.channel_session_id == id);
        events.map(|event| (event.revision, event.name())).collect()
    };
    use ChannelSessionEventName::{
        ChannelSessionDataUpdated as Updated, ChannelSessionDeleted as Deleted, ChannelSessionEnded as Ended,
        ChannelSessionStarted as Started,
    };
    assert_eq!(of("a"), [(1, Started), (2, Updated), (3, Updated), (4, Updated), (5, Updated), (6, Ended)]);
    assert_eq!(of("b"), [(1, Started), (2, Updated), (3, Ended)]);
    assert_eq!(of("none"), [(1, Started), (2, Updated), (3, Deleted)]);
    assert_eq!(of("64e2f08a6155b317cd3f88fd"), [(2, Updated)]);
}

async fn an_event_has_the_contracts_shape(store: Store) {
    let service = Service::start(store).await;
    let mut watch = Watch::start(&service.grpc().await, everything("")).await;
    let id = "64e2f08a6155b317cd3f88fd";
    let before = std::time::SystemTime::now();
    let request = channel_session_api::v1::UpdateDataRequest {
        request_id: "a-request".to_owned(),
        ..set(id, "name", "String2000", "\"Jane\"")
    };
    let session = Caller::Rest(service.rest()).update(&request).await.unwrap();
    let event = watch.next().await;
    let after = std::time::SystemTime::now();

    assert_eq!((&*event.channel_session_id, event.revision), (id, 2));
    assert_eq!((&*event.requester, &*event.request_id), ("anonymous", "a-request"));
    let whole = json(&event.event_json);
    let names = |value: &Value| -> Vec<String> {
        let mut names: Vec<_> = value.as_object().unwrap().iter().map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&whole),
        [
            "channelSession",
            "conversationId",
            "data",
            "eventEmitter",
            "id",
            "name",
            "roomInfo",
            "timestamp",
            "type"
        ]
    );
    assert_eq!(
        (text(&whole, "name"), text(&whole, "type")),
        ("CHANNEL_SESSION_DATA_UPDATED", "NOTIFICATION")
    );
    assert_eq!(text(&whole, "id"), event.id);
    let timestamp: u64 = member(&whole, "timestamp").to_text().parse().unwrap();
    let millis =
        |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!((millis(before)..=millis(after)).contains(&u128::from(timestamp)), "{timestamp}");
    let time = event.event_time.unwrap();
    assert_eq!(time.seconds * 1000 + i64::from(time.nanos) / 1_000_000, i64::try_from(timestamp).unwrap());
    assert_eq!(member(&whole, "channelSession"), &session.document);
    let documented = json(CHANNEL_SESSION);
    assert_eq!(member(&whole, "conversationId"), member(&documented, "conversationId"));
    assert_eq!(event.conversation_id.as_deref(), Some(text(&documented, "conversationId")));
    assert_eq!(names(member(&whole, "eventEmitter")), ["additionalDetail", "id", "senderName", "type"]);
    let data = member(&whole, "data");
    // The key is stored twice, and both entries changed.
    let Value::Array(changes) = member(data, "changes") else { panic!("no list: {data}") };
    let change = |index: &str| {
        json(&format!(
            r#"{{"key":"name","index":{index},"oldType":"String2000","oldValue":"Haroon Ahmed1","newType":"String2000","newValue":"Jane"}}"#
        ))
    };
    assert_eq!(changes[..], [change("0"), change("2")]);
    assert_eq!((text(data, "requester"), text(data, "requestId")), ("anonymous", "a-request"));
    assert_eq!((text(data, "channelSessionId"), member(data, "revision").to_text()), (id, "2".to_owned()));
}

async fn a_watch_is_told_what_it_asked_for(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let with_keys = |request: WatchChannelSessionsRequest, keys: &[&str]| WatchChannelSessionsRequest {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        ..request
    };
    // What is asked for, the same as a query, and the sessions and revisions that are told.
    let cases: Vec<(_, &str, &[(&str, i64)])> = vec![
        (session("a"), "channelSessionId=a", &[("a", 1), ("a", 2), ("a", 3), ("a", 4), ("a", 5), ("a", 6)]),
        (session("none"), "channelSessionId=none", &[("none", 1), ("none", 2), ("none", 3)]),
        // A session of it until it moves to another; what ended may still be told.
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
    // Told to each of them, and so the end of what has to be told.
    for id in ["a", "none"] {
        rest.send(
            Method::PUT,
            &format!("/channel-sessions/{id}"),
            r#"{"isActive":true,"conversationId":"c1"}"#,
            &[],
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
        let told = watch.take(expected.len() + 1).await;
        let revisions: Vec<_> =
            told.iter().map(|event| (&*event.channel_session_id, event.revision)).collect();
        assert_eq!(&revisions[..expected.len()], *expected, "{query}");
        // The next one is of the end, so there was nothing more.
        let (next, limit) = (&told[expected.len()], |id: &str| match id {
            "a" => 7,
            "none" => 4,
            "end" => 1,
            _ => i64::MAX,
        });
        assert!(next.revision >= limit(&next.channel_session_id), "{query}: {next:?}");
        let sent: Vec<_> = sse.take(told.len()).await.into_iter().map(|message| message.data).collect();
        assert_eq!(sent, told.iter().map(|event| event.event_json.clone()).collect::<Vec<_>>(), "{query}");
        // The same from the past.
        let kept = kept(&told);
        let request = WatchChannelSessionsRequest { position: from.clone(), ..request.clone() };
        assert_eq!(Watch::start(&grpc, request).await.take(kept.len()).await, kept, "{query}");
        let mut resumed = Sse::resume(&rest, query, &from).await;
        let sent: Vec<_> = resumed.take(kept.len()).await.into_iter().map(|message| message.data).collect();
        assert_eq!(sent, kept.iter().map(|event| event.event_json.clone()).collect::<Vec<_>>(), "{query}");
    }
}

async fn a_position_leads_on_from_each_event(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let mut watch = Watch::start(&grpc, everything("")).await;
    let mut positions = vec![watch.position.clone()];
    let mut sse = Sse::open(&rest, "").await;
    let mut ids = vec![sse.last_event_id.clone()];
    let count = live(&service).await;
    let mut told = Vec::new();
    for _ in 0..count {
        told.push(watch.next().await);
        positions.push(watch.position.clone());
        sse.next().await;
        ids.push(sse.last_event_id.clone());
    }
    last(&service, "64e2f08a6155b317cd3f88fd").await;
    told.push(watch.next().await);
    // From wherever it is gone on, the rest is told, each event once, whichever of the two gave the position.
    for at in 0..=count {
        let kept = kept(&told[at..]);
        for position in [&positions[at], &ids[at]] {
            assert_eq!(resume(&grpc, position, kept.len()).await, kept, "{at}");
            let sent = Sse::resume(&rest, "", position).await.take(kept.len()).await;
            let expected: Vec<_> = kept.iter().map(|event| &event.event_json).collect();
            assert_eq!(sent.iter().map(|message| &message.data).collect::<Vec<_>>(), expected, "{at}");
        }
    }
    // A page that is loaded anew has its position in the query; a browser that comes back knows better.
    let query = format!("position={}", positions[0]);
    assert_eq!(Sse::open(&rest, &query).await.next().await.data, told[0].event_json);
    assert_eq!(Sse::resume(&rest, &query, &ids[count]).await.next().await.data, told[count].event_json);
}

async fn resume(grpc: &Client, position: &str, count: usize) -> Vec<ChannelSessionEvent> {
    Watch::start(grpc, everything(position)).await.take(count).await
}

async fn a_position_survives_a_restart(store: Store) {
    let mut service = Service::start(store).await;
    let mut watch = Watch::start(&service.grpc().await, everything("")).await;
    let mut sse = Sse::open(&service.rest(), "").await;
    let count = live(&service).await;
    let told = watch.take(count).await;
    sse.take(5).await;
    let positions = [(watch.position.clone(), count), (sse.last_event_id.clone(), 5)];
    // Streams have no end of their own, and are told when the process stops.
    service.server.ask_to_stop();
    let status = watch.try_next().await.unwrap_err();
    assert_eq!(crate::support::Failure::from_status(&status).reason, "STORE_UNAVAILABLE");
    sse.take(count - 5).await;
    let end = sse.next().await;
    assert_eq!((&*end.event, text(&json(&end.data), "reason")), ("error", "STORE_UNAVAILABLE"));
    assert_eq!(sse.try_next().await, None);
    assert!(service.stop_server().success());

    let again = service.another(&[]);
    let grpc = connect(again.address("grpc")).await;
    Caller::Grpc(grpc.clone()).update(&set("64e2f08a6155b317cd3f88fd", "k", "Number", 1)).await.unwrap();
    for (position, at) in positions {
        let kept = kept(&told[at..]);
        let events = resume(&grpc, &position, kept.len() + 1).await;
        assert_eq!(events[..kept.len()], kept);
        assert_eq!(events.last().unwrap().channel_session_id, "64e2f08a6155b317cd3f88fd");
        let rest = Rest::new(again.address("http"));
        let sent = Sse::resume(&rest, "", &position).await.take(kept.len() + 1).await;
        assert_eq!(sent.last().unwrap().data, events.last().unwrap().event_json);
    }
}

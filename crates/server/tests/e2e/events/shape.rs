//! What an event is made of.

use http::Method;
use json::Value;
use store_testkit::seed::CHANNEL_SESSION;

use super::{member, text};
use crate::support::{
    Caller, Service, Sse, Store, Watch, caller::set, history::history, json, on_both_stores,
    watch::everything,
};

on_both_stores!(
    an_event_has_the_contracts_shape,
    a_new_session_is_read_as_the_agent_desk_does,
    a_deletion_has_no_document,
    the_trace_of_a_call_goes_into_its_event,
);

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
    let whole = json(&event.json);
    let names = |value: &Value| -> Vec<String> {
        let mut names: Vec<_> = value.as_object().unwrap().iter().map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&whole),
        [
            "change",
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
    let time = event.timestamp.unwrap();
    assert_eq!(time.seconds * 1000 + i64::from(time.nanos) / 1_000_000, i64::try_from(timestamp).unwrap());
    assert_eq!(member(&whole, "channelSession"), &session.document);
    assert_eq!(member(&whole, "data"), &session.document);
    let documented = json(CHANNEL_SESSION);
    assert_eq!(member(&whole, "conversationId"), member(&documented, "conversationId"));
    assert_eq!(event.conversation_id.as_deref(), Some(text(&documented, "conversationId")));
    assert_eq!(names(member(&whole, "eventEmitter")), ["additionalDetail", "id", "senderName", "type"]);
    assert_eq!(text(member(&whole, "eventEmitter"), "type"), "SYSTEM");
    let change = member(&whole, "change");
    // The key is stored twice, and both entries changed.
    let Value::Array(attributes) = member(change, "attributes") else { panic!("no list: {change}") };
    let entry = |index: &str| {
        json(&format!(
            r#"{{"key":"name","index":{index},"oldType":"String2000","oldValue":"Haroon Ahmed1","newType":"String2000","newValue":"Jane"}}"#
        ))
    };
    assert_eq!(attributes[..], [entry("0"), entry("2")]);
    assert_eq!((text(change, "requester"), text(change, "requestId")), ("anonymous", "a-request"));
    assert_eq!(member(change, "traceId"), &Value::Null);
    assert_eq!(
        (text(change, "channelSessionId"), member(change, "revision").to_text()),
        (id, "2".to_owned())
    );
}

/// The vendor's public agent desk finds the channel of a new session in the event's `data`.
async fn a_new_session_is_read_as_the_agent_desk_does(store: Store) {
    let service = Service::start(store).await;
    let mut sse = Sse::open(&service.rest(), "").await;
    let document = CHANNEL_SESSION.replace("64e2f08a6155b317cd3f88fd", "new");
    assert_eq!(service.rest().create(document).await.status, 201);
    let message = sse.next().await;
    assert_eq!(message.event, "CHANNEL_SESSION_STARTED");
    let event: serde_json::Value = serde_json::from_str(&message.data).unwrap();
    assert_eq!(event["data"]["channel"]["channelType"]["name"], "WEB");
    assert_eq!(event["data"], event["channelSession"]);
}

async fn a_deletion_has_no_document(store: Store) {
    let service = Service::start(store).await;
    let mut watch = Watch::start(&service.grpc().await, everything("")).await;
    let id = "64e2f08a6155b317cd3f88fd";
    let deleted = service.rest().send(Method::DELETE, &format!("/channel-sessions/{id}"), "", &[]).await;
    assert!(deleted.status.is_success(), "{deleted:?}");
    let event = json(&watch.next().await.json);
    assert_eq!(text(&event, "name"), "CHANNEL_SESSION_DELETED");
    for name in ["data", "channelSession", "roomInfo", "conversationId"] {
        assert_eq!(member(&event, name), &Value::Null, "{name}");
    }
    let change = member(&event, "change");
    assert_eq!(
        (text(change, "channelSessionId"), member(change, "revision").to_text()),
        (id, "2".to_owned())
    );
}

/// From the header of a REST call, and from the metadata of a call and of a stream of calls.
async fn the_trace_of_a_call_goes_into_its_event(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let mut watch = Watch::start(&grpc, everything("")).await;
    let id = "64e2f08a6155b317cd3f88fd";
    let trace = |digit: u8| format!("{digit}bf92f3577b34da6a3ce929d0e0e4736");
    let parent = |digit: u8| format!("00-{}-00f067aa0ba902b7-01", trace(digit));

    let body = r#"[{"key":"k","type":"Number","value":0}]"#;
    let headers = [("traceparent", &*parent(0))];
    assert_eq!(rest.send(Method::PUT, &format!("/forms/{id}"), body, &headers).await.status, 200);
    let mut request = tonic::Request::new(set(id, "k", "Number", 1));
    request.metadata_mut().insert("traceparent", parent(1).parse().unwrap());
    grpc.clone().update_data(request).await.unwrap();
    let update =
        channel_session_api::v1::StreamUpdateDataRequest { request: Some(set(id, "k", "Number", 2)) };
    let mut request = tonic::Request::new(futures_util::stream::iter([update]));
    request.metadata_mut().insert("traceparent", parent(2).parse().unwrap());
    let mut results = grpc.clone().stream_update_data(request).await.unwrap().into_inner();
    results.message().await.unwrap().expect("a result");
    grpc.clone().update_data(set(id, "k", "Number", 3)).await.unwrap();

    let received = watch.take(4).await;
    let traces: Vec<_> = received.iter().map(|event| &*event.trace_id).collect();
    assert_eq!(traces, [&*trace(0), &*trace(1), &*trace(2), ""]);
    let in_json = member(member(&json(&received[1].json), "change"), "traceId").clone();
    assert_eq!(in_json.as_str(), Some(&*trace(1)));
    let past: Vec<_> = history(&grpc, id, "k", 100).await.into_iter().map(|event| event.trace_id).collect();
    assert_eq!(past, [String::new(), trace(2), trace(1), trace(0)]);
    let path = format!("/channel-sessions/{id}/history?key=k&pageSize=4");
    let page = rest.send(Method::GET, &path, "", &[]).await.body;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["events"][3]["change"]["traceId"], trace(0));
}

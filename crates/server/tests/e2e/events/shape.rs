//! What an event is made of.

use domain::json::Value;
use store_testkit::seed::CHANNEL_SESSION;

use super::{member, text};
use crate::support::{Caller, Service, Store, Watch, caller::set, json, on_both_stores, watch::everything};

on_both_stores!(an_event_has_the_contracts_shape);

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

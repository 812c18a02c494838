//! Events as their consumers and the stores know them.

mod changes;
mod mask;

use super::*;
use json::Value;

use crate::literal;

/// The seventh revision of the session `x`.
fn event(document: Option<&str>) -> Event {
    Event {
        tenant: TenantId::only(),
        session_id: Id::parse("x").expect("an id"),
        revision: Revision::new(7),
        name: Name::DataUpdated,
        at: Timestamp::from_millis(1_700_000_000_123),
        conversation_id: None,
        requester: Requester::anonymous(),
        request_id: None,
        trace_id: None,
        changes: Vec::new(),
        document: document.map(str::to_owned),
    }
}

fn entry(value_type: Option<&str>, value: Option<&str>) -> Entry {
    Entry { value_type: value_type.map(literal), value: value.map(literal) }
}

fn change(key: &str, old: Option<Entry>, new: Option<Entry>) -> AttributeDiff {
    AttributeDiff { key: key.to_owned(), index: 0, old, new }
}

fn member(json: &str, name: &str) -> Value {
    literal(json).as_object().and_then(|event| event.get(name)).unwrap_or_else(|| panic!("{name}")).clone()
}

#[test]
fn an_event_has_the_shape_that_consumers_know_and_holds_the_document_exactly() {
    let document = r#"{"n":12345678901234567890,"roomInfo":{"a":[0.10,null]},"conversationId":"c"}"#;
    let changes = vec![change(
        "k",
        Some(entry(Some(r#""Number""#), Some("0.1"))),
        Some(entry(Some(r#""Number""#), Some("0.10"))),
    )];
    let request_id = Some(RequestId::parse("r-1").expect("valid"));
    let trace_id = TraceId::parse("4bf92f3577b34da6a3ce929d0e0e4736");
    let json = Event { changes, request_id, trace_id, ..event(Some(document)) }.to_json();
    let expected = r#"{
        "id": "e8aeafbb-bf64-8588-b00f-783148e481cf",
        "name": "CHANNEL_SESSION_DATA_UPDATED",
        "type": "NOTIFICATION",
        "timestamp": 1700000000123,
        "conversationId": "c",
        "eventEmitter": {
            "id": "channel-sessions", "type": "SYSTEM", "senderName": "channel-sessions", "additionalDetail": null
        },
        "channelSession": {"n":12345678901234567890,"roomInfo":{"a":[0.10,null]},"conversationId":"c"},
        "data": {"n":12345678901234567890,"roomInfo":{"a":[0.10,null]},"conversationId":"c"},
        "roomInfo": {"a":[0.10,null]},
        "change": {
            "channelSessionId": "x", "revision": 7, "requester": "anonymous", "requestId": "r-1",
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
            "attributes": [
                {"key":"k","index":0,"oldType":"Number","oldValue":0.1,"newType":"Number","newValue":0.10}
            ]
        }
    }"#;
    assert_eq!(literal(&json), literal(expected));
    assert!(!json.contains('\n'), "an event is one line, as server-sent events need it");
}

#[test]
fn what_the_document_does_not_have_is_null() {
    for document in [None, Some("{}"), Some(r#"{"conversationId":null,"roomInfo":null}"#)] {
        let json = event(document).to_json();
        assert_eq!(member(&json, "channelSession"), document.map_or(Value::Null, literal));
        for name in ["conversationId", "roomInfo"] {
            assert_eq!(member(&json, name), Value::Null, "{document:?}");
        }
        assert_eq!(member(&json, "data"), member(&json, "channelSession"));
        let change = member(&json, "change");
        for name in ["requestId", "traceId"] {
            assert_eq!(change.as_object().and_then(|change| change.get(name)), Some(&Value::Null));
        }
    }
}

#[test]
fn the_conversation_is_told_as_it_stands_and_a_topic_in_its_place() {
    for (document, conversation) in [
        (r#"{"topicId":"t"}"#, r#""t""#),
        (r#"{"topicId":"t","conversationId":null}"#, r#""t""#),
        (r#"{"topicId":"t","conversationId":"c"}"#, r#""c""#),
        (r#"{"topicId":"t","conversationId":{"a":1.0}}"#, r#"{"a":1.0}"#),
        (r#"{ "topicId" : "t\u0022" }"#, r#""t\"""#),
    ] {
        assert_eq!(member(&event(Some(document)).to_json(), "conversationId"), literal(conversation));
    }
}

#[test]
fn texts_of_callers_are_escaped() {
    let text = "a\"\\{}é💬";
    let event = Event {
        session_id: Id::parse(text).expect("an id"),
        requester: Requester::from_stored(text),
        request_id: Some(RequestId::parse("\"\\").expect("valid")),
        ..event(None)
    };
    let change = member(&event.to_json(), "change");
    let text_of = |name| change.as_object().and_then(|change| change.get(name)?.as_str());
    assert_eq!([text_of("channelSessionId"), text_of("requester")], [Some(text); 2]);
    assert_eq!(text_of("requestId"), Some("\"\\"));
}

#[test]
fn an_events_id_is_made_of_the_session_and_the_revision_alone() {
    let id = event(None).id();
    assert_eq!(id.to_string(), "e8aeafbb-bf64-8588-b00f-783148e481cf");
    let same = Event { name: Name::Ended, at: Timestamp::default(), ..event(Some("{}")) };
    assert_eq!(same.id(), id);
    assert_ne!(Event { revision: Revision::new(8), ..event(None) }.id(), id);
    assert_ne!(Event { session_id: Id::parse("X").expect("an id"), ..event(None) }.id(), id);
}

#[test]
fn every_id_is_a_uuid_of_version_8() {
    for revision in 1..=100 {
        let id = Event { revision: Revision::new(revision), ..event(None) }.id().to_string();
        let dashes: Vec<_> = id.match_indices('-').map(|(at, _)| at).collect();
        assert_eq!((id.len(), &*dashes), (36, &[8, 13, 18, 23][..]), "{id}");
        assert!(id.chars().all(|char| char == '-' || matches!(char, '0'..='9' | 'a'..='f')), "{id}");
        assert_eq!(&id[14..15], "8", "the version: {id}");
        assert!("89ab".contains(&id[19..20]), "the variant: {id}");
    }
}

#[test]
fn names_are_known_by_what_they_are_on_the_wire() {
    for name in Name::ALL {
        assert_eq!(Name::from_wire(name.as_str()), Some(name));
    }
    assert_eq!(Name::from_wire("channel_session_ended"), None);
}

#[test]
fn a_scope_holds_its_own_events() {
    let scopes = [
        Scope::All,
        Scope::Session(Id::parse("x").expect("an id")),
        Scope::Session(Id::parse("y").expect("an id")),
        Scope::Conversation("c".to_owned()),
        Scope::Conversation("x".to_owned()),
    ];
    let held = |event: &Event| scopes.clone().map(|scope| scope.holds(event));
    assert_eq!(held(&event(None)), [true, true, false, false, false]);
    let event = Event { conversation_id: Some("c".to_owned()), ..event(None) };
    assert_eq!(held(&event), [true, true, false, true, false]);
}

#[test]
fn each_key_that_changed_is_named_once() {
    let changes = ["b", "a", "b"].map(|key| change(key, None, None)).to_vec();
    assert_eq!(Event { changes, ..event(None) }.keys(), ["a", "b"]);
}

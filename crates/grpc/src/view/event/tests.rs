//! An event as a message, for those who watch and for those who look back.

use channel_session_api::{FILE_DESCRIPTOR_SET, v1::Attribute};
use domain::{
    caller::Requester,
    event::Entry,
    session::{Id, Revision, TenantId},
    trace::TraceId,
};
use json::Value;
use prost_reflect::DescriptorPool;
use store_testkit::parsed;

use super::*;

fn entry(value_type: &str, value: &str) -> Option<Entry> {
    let value_type = Some(Value::String(value_type.to_owned().into()));
    Some(Entry { value_type, value: Some(parsed::value(value)) })
}

fn updated() -> Event {
    let change = |key: &str, index, old, new| AttributeDiff { key: key.to_owned(), index, old, new };
    Event {
        tenant: TenantId::only(),
        session_id: Id::parse("a").expect("an id"),
        revision: Revision::new(7),
        name: Name::DataUpdated,
        at: Timestamp::from_millis(1_700_000_000_123),
        conversation_id: Some("c".to_owned()),
        requester: Requester::anonymous(),
        request_id: Some(RequestId::parse("r").expect("a request id")),
        trace_id: TraceId::parse("4bf92f3577b34da6a3ce929d0e0e4736"),
        changes: vec![
            change("a", 0, entry("Number", "0.10"), entry("Number", "1")),
            change("b", 1, None, entry("String50", "\"x\"")),
            change("c", 2, Some(Entry { value_type: Some(Value::Null), value: None }), None),
            change("a", 3, None, entry("Number", "2")),
        ],
        document: Some(r#"{"id":"a"}"#.to_owned()),
    }
}

#[test]
fn those_who_watch_are_told_all() {
    let event = updated();
    let message = with_json(&event.clone().into());
    assert_eq!(message.id, event.id().to_string());
    assert_eq!(message.name(), EventName::DataUpdated);
    let time = message.timestamp.expect("a time");
    assert_eq!((time.seconds, time.nanos), (1_700_000_000, 123_000_000));
    assert_eq!((&*message.channel_session_id, message.conversation_id.as_deref()), ("a", Some("c")));
    assert_eq!((message.revision, &*message.requester, &*message.request_id), (7, "anonymous", "r"));
    assert_eq!(message.json, event.to_json());

    let places: Vec<_> = message.changes.iter().map(|change| (&*change.key, change.index)).collect();
    assert_eq!(places, [("a", 0), ("b", 1), ("c", 2), ("a", 3)]);
    // A double stands for another number, so the text is there too.
    let old = message.changes[0].before.as_ref().expect("it was there");
    assert_eq!((&*old.r#type, old.value_json.as_deref()), ("Number", Some("0.10")));
    assert!(old.value.is_some());
    let appended = &message.changes[1];
    assert_eq!(
        (&appended.before, appended.after.as_ref().map(|new| new.value_json.clone())),
        (&None, Some(None))
    );
    // Others store entries without a value, and with a type that is no text.
    let removed = &message.changes[2];
    let bare = Attribute { key: "c".to_owned(), ..Attribute::default() };
    assert_eq!((&removed.before, &removed.after), (&Some(bare), &None));
}

#[test]
fn those_who_look_back_are_told_the_changes_that_they_ask_for() {
    let whole = past(&updated(), None);
    assert_eq!(whole, ChannelSessionEvent { json: String::new(), ..with_json(&updated().into()) });
    let of = |key| past(&updated(), Some(key)).changes.iter().map(|change| change.index).collect::<Vec<_>>();
    assert_eq!((of("a"), of("b"), of("A")), (vec![0, 3], vec![1], vec![]));
}

#[test]
fn a_deletion_tells_nothing_but_that_it_was() {
    let event = Event {
        name: Name::Deleted,
        conversation_id: None,
        request_id: None,
        trace_id: None,
        changes: Vec::new(),
        document: None,
        ..updated()
    };
    let message = past(&event, None);
    assert_eq!((message.name(), message.revision), (EventName::Deleted, 7));
    assert_eq!((message.conversation_id, &*message.request_id), (None, ""));
}

#[test]
fn times_before_the_epoch_are_counted_forwards_from_their_second() {
    let time = timestamp(Timestamp::from_millis(-1));
    assert_eq!((time.seconds, time.nanos), (-1, 999_000_000));
}

#[test]
fn each_name_is_one_of_the_contract_s() {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("compiled-in descriptors are whole");
    let names = pool.get_enum_by_name("channelsession.v1.EventName").expect("the enum");
    let names: Vec<_> =
        names.values().skip(1).map(|value| (value.name().to_owned(), value.number())).collect();
    let prefixed = |known: Name| known.as_str().replacen("CHANNEL_SESSION_", "EVENT_NAME_", 1);
    let expected: Vec<_> = Name::ALL.into_iter().map(|known| (prefixed(known), name(known).into())).collect();
    assert_eq!(names, expected);
}

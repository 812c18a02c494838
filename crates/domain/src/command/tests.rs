//! What a request id stands for: the content of a command, and nothing of how and by whom it is asked for.

use super::*;
use crate::{attribute::Attributes, precondition::Expected, value_type::ValueRules};

fn id() -> Id {
    Id::parse("x").expect("an id")
}

fn update(attributes: &str) -> Update {
    Update::attach(Attributes::parse(attributes, ValueRules::Strict).expect("valid"), 10)
}

fn content(operation: &Operation) -> String {
    Value::Object(operation.content()).to_text()
}

#[test]
fn the_content_that_is_kept_as_a_digest_stays_as_it_is() {
    let precondition = |expected| Precondition { key: "p".to_owned(), expected };
    let update = Update {
        remove_keys: vec!["r".to_owned()],
        preconditions: vec![precondition(Expected::Absent), precondition(Expected::Value(Value::Null))],
        ..update(r#"[{"key":"k","type":"Number","value":0.10}]"#)
    };
    assert_eq!(
        content(&Operation::Update(update)),
        r#"{"remove":["r"],"update":[{"key":"k","type":"Number","value":0.10}],"preconditions":[{"key":"p"},{"key":"p","value":null}]}"#
    );
    let create = |existing| {
        let document = Document::parse(r#"{"id": "x"}"#).expect("a document");
        content(&Operation::Create(Create { document, existing }))
    };
    for (existing, name) in
        [(Existing::Refuse, "refuse"), (Existing::Keep, "keep"), (Existing::Replace, "replace")]
    {
        assert_eq!(create(existing), format!(r#"{{"create":"{{\"id\":\"x\"}}","existing":"{name}"}}"#));
    }
    let end = End { state: "ENDED".to_owned(), reason_code: "AGENT".to_owned() };
    assert_eq!(content(&Operation::End(end)), r#"{"end":"ENDED","reason":"AGENT"}"#);
    assert_eq!(content(&Operation::Delete(Delete::default())), r#"{"delete":null}"#);
}

#[test]
fn what_differs_in_content_differs_in_its_digest() {
    let one = |value: &str| {
        let attributes = format!(r#"[{{"key":"k","type":"Number","value":{value}}}]"#);
        crate::command(id(), Operation::Update(update(&attributes)))
    };
    let etag =
        |text: &str| Command { revision: Some(RevisionMatch::parse(text).expect("valid")), ..one("1") };
    let commands =
        [one("1"), one("1.0"), one("null"), etag("*"), etag("\"1\""), etag("\"2\""), etag("\"x\"")];
    for (at, command) in commands.iter().enumerate() {
        assert_eq!(command.digest(), command.clone().digest());
        for other in &commands[at + 1..] {
            assert_ne!(command.digest(), other.digest(), "{command:?} {other:?}");
        }
    }
}

#[test]
fn who_asks_when_and_how_does_not_matter() {
    let command =
        crate::command(id(), Operation::Update(update(r#"[{"key":"k","type":"Number","value":1}]"#)));
    let again = Command {
        operation: Operation::Update(Update {
            max_attributes: 99,
            ..update(r#"[ {"value":1, "type":"Number", "key":"\u006b"} ]"#)
        }),
        request_id: Some(RequestId::parse("r").expect("valid")),
        validate_only: true,
        requester: Requester::service(),
        at: Timestamp::from_millis(7),
        ..crate::command(Id::parse("y").expect("an id"), Operation::Delete(Delete::default()))
    };
    assert_eq!(command.digest(), again.digest());
}

#[test]
fn only_a_session_that_was_not_deleted_is_a_session() {
    let changed =
        |document| CommandResult { revision: Revision::FIRST, document, changed: true, replayed: false };
    let session = changed(Some("{}".to_owned())).session(id()).expect("there is a document");
    assert_eq!(session, Session { id: id(), revision: Revision::FIRST, document: "{}".to_owned() });
    assert_eq!(changed(None).session(id()), None);
}

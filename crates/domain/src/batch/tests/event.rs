//! What events say of a command: who, when, what, and no password.

use super::*;
use crate::event::{Entry, MASK, changes_from_text, changes_to_text};

/// The event of a command of a session that is stored.
fn event(document: &str, command: &Command) -> Event {
    let mut session = stored(document);
    let answer = session.apply(command).expect("the command is allowed").document;
    let events = session.into_write().expect("something changed").events;
    let [recorded] = <[EventWrite; 1]>::try_from(events).expect("one event");
    let document = Document::stored(answer.expect("a document")).expect("a document");
    recorded.event.with_document(document)
}

fn list(entries: &str) -> String {
    format!(r#"{{"channelData":{{"additionalAttributes":[{entries}]}}}}"#)
}

#[test]
fn an_event_says_who_asked_when_and_under_which_request_id() {
    let command = Command { requester: Requester::service(), ..at(30, named("r", number("k", 1))) };
    let event = event(ACTIVE, &command);
    assert_eq!((&event.tenant, &event.session_id), (&TenantId::only(), &id()));
    assert_eq!((event.revision.get(), event.at.millis()), (6, 30));
    assert_eq!(
        (event.requester.as_str(), event.request_id.as_ref().map(RequestId::as_str)),
        ("channel-sessions", Some("r"))
    );
    assert_eq!(event.conversation_id.as_deref(), Some("c"));
    assert_eq!(event.document.as_deref().map(literal), Some(literal(&with("k", 1))));
    let change = AttributeDiff {
        key: "k".to_owned(),
        index: 0,
        old: None,
        new: Some(Entry { value_type: Some(literal(r#""Number""#)), value: Some(literal("1")) }),
    };
    assert_eq!(event.changes, [change]);
}

#[test]
fn the_conversation_is_that_of_the_document_after_the_change() {
    let event = event(ACTIVE, &create(r#"{"topicId":"t"}"#, Existing::Replace));
    assert_eq!(event.conversation_id.as_deref(), Some("t"));
}

#[test]
fn an_event_that_takes_a_session_out_of_its_conversation_names_that() {
    let replace = |document: &str| create(document, Existing::Replace);
    for (before, command, left) in [
        (r#"{"conversationId":"c"}"#, replace(r#"{"conversationId":"d"}"#), Some("c")),
        (r#"{"conversationId":"c"}"#, replace("{}"), Some("c")),
        (r#"{"conversationId":"c"}"#, replace(r#"{"topicId":"c"}"#), None),
        (r#"{"conversationId":"c"}"#, delete(false), None),
        ("{}", replace(r#"{"conversationId":"d"}"#), None),
        (ACTIVE, number("k", 1), None),
    ] {
        let mut session = stored(before);
        session.apply(&command).expect("the command is allowed");
        let events = session.into_write().expect("something changed").events;
        let left_ids: Vec<_> = events.iter().map(|write| write.left_conversation_id.as_deref()).collect();
        assert_eq!(left_ids, [left], "{before} {command:?}");
    }
}

#[test]
fn an_event_of_large_changes_has_the_document_before_it() {
    for (length, has_before) in [(1000, false), (60_000, true)] {
        let value = |letter: &str| {
            let text = letter.repeat(length);
            update(&format!(r#"[{{"key":"k","type":"StringList","value":["{text}"]}}]"#))
        };
        let mut session = stored(ACTIVE);
        for letter in ["a", "b"] {
            session.apply(&value(letter)).expect("the command is allowed");
        }
        let events = session.into_write().expect("something changed").events;
        let [_, replaced] = &*events else { panic!("two events") };
        assert_eq!(replaced.before.is_some(), has_before, "{length}");
        assert!(replaced.document_bytes > length && replaced.document_bytes < length + 1000);
    }
}

#[test]
fn a_password_is_told_to_who_asks_and_in_no_event_whichever_of_its_types_it_has() {
    let secret = r#"{"key":"k","type":"Password","value":"Secret12"}"#;
    let plain = r#"{"key":"k","type":"String50","value":"Secret34"}"#;
    let other = r#"{"key":"other","type":"Password","value":"Secret56"}"#;
    for (before, after) in [(secret, plain), (plain, secret), (secret, &secret.replace("12", "78"))] {
        for command in
            [update(&format!("[{after}]")), create(&list(&format!("{after},{other}")), Existing::Replace)]
        {
            let mut session = stored(&list(&format!("{before},{other}")));
            let (_, _, answer) = answered(session.apply(&command));
            assert_eq!(answer, Some(literal(&list(&format!("{after},{other}")))), "the caller sees all");
            let event = event(&list(&format!("{before},{other}")), &command);
            assert!(!event.to_json().contains("Secret"), "{}", event.to_json());
            let [change] = &*event.changes else { panic!("{:?}", event.changes) };
            for entry in [&change.old, &change.new] {
                let value = entry.as_ref().and_then(|entry| entry.value.as_ref()?.as_str());
                assert_eq!(value, Some(MASK));
            }
        }
    }
}

#[test]
fn a_password_is_masked_as_well_where_it_comes_stays_or_goes() {
    let secret = r#"{"key":"k","type":"Password","value":"Secret12"}"#;
    let remove = Update { remove_keys: vec!["k".to_owned()], ..attach("[]") };
    for (before, command) in [
        (list(secret), number("other", 1)),
        (list(secret), end()),
        (list(secret), crate::command(id(), Operation::Update(remove))),
        (list(""), update(&format!("[{secret}]"))),
        (
            list(secret),
            create(&list(r#"1,{"key":"k","type":"String50","value":"Secret12"}"#), Existing::Replace),
        ),
    ] {
        let event = event(&before, &command);
        assert!(!event.to_json().contains("Secret"), "{}", event.to_json());
    }
}

#[test]
fn the_document_in_an_event_is_otherwise_the_session_as_it_was_left() {
    let secret = r#"{"key":"p","type":"Password","value":"Secret12","more":0.10}"#;
    let event = event(&list(secret), &number("k", 1));
    let masked = secret.replace("Secret12", MASK);
    let expected = list(&format!(r#"{masked},{{"key":"k","type":"Number","value":1}}"#));
    assert_eq!(event.document.as_deref().map(literal), Some(literal(&expected)));
}

#[test]
fn changes_of_entries_as_deep_as_a_document_can_hold_survive_their_text() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let deepest = nested(Document::MAX_DEPTH - 4);
    let value = nested(crate::attribute::Attribute::MAX_VALUE_DEPTH);
    let before = list(&format!(
        r#"{{"key":"k","type":{deepest},"value":{deepest}}},{{"key":"gone","value":{deepest}}}"#
    ));
    let attributes = format!(r#"[{{"key":"k","type":"AlphanumSpecial200","value":{value}}}]"#);
    let update = Update { remove_keys: vec!["gone".to_owned()], ..attach(&attributes) };
    let event = event(&before, &crate::command(id(), Operation::Update(update)));
    assert_eq!(event.changes.len(), 2);
    let text = changes_to_text(&event.changes);
    assert_eq!(changes_from_text(&text).as_ref(), Ok(&event.changes));
    assert_eq!(literal(&event.to_json()).depth(), Document::MAX_DEPTH, "the old value, in `data.changes`");
}

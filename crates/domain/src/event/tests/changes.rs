//! Changes survive the text that stores keep them as, whatever the documents hold that they were made of.

use proptest::prelude::*;

use super::*;
use crate::{session::Document, update::difference};
use json::{Object, strategy::any_value};

use crate::literal;

fn survives(changes: &[AttributeDiff]) {
    let text = changes_to_text(changes);
    assert_eq!(changes_from_text(&text).as_deref(), Ok(changes), "{text}");
}

#[test]
fn what_there_is_not_is_left_out_and_still_told_apart() {
    let changes = [
        change(
            "exact",
            Some(entry(None, Some("12345678901234567890"))),
            Some(entry(Some("7.0"), Some("0.10"))),
        ),
        change("null", None, Some(entry(Some(r#""Number""#), Some("null")))),
        change("bare", Some(entry(None, None)), None),
        AttributeDiff {
            index: usize::MAX,
            ..change("\"\\é💬", Some(entry(None, None)), Some(entry(None, None)))
        },
    ];
    survives(&changes);
    assert_eq!(
        changes_to_text(&changes[..3]),
        concat!(
            r#"[{"key":"exact","index":0,"newType":7.0,"oldType":null,"newValue":0.10,"oldValue":12345678901234567890},"#,
            r#"{"key":"null","index":0,"newType":"Number","newValue":null},"#,
            r#"{"key":"bare","index":0,"oldType":null}]"#
        )
    );
    survives(&[]);
}

#[test]
fn values_survive_as_deep_as_a_document_can_hold_them() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    // A document, its `channelData`, the list and the entry are four levels.
    let deepest = nested(Document::MAX_DEPTH - 4);
    let list = format!(
        r#"[{{"key":"deep","type":{deepest},"value":{deepest}}},{{"key":"attribute","value":{}}}]"#,
        nested(crate::attribute::Attribute::MAX_VALUE_DEPTH)
    );
    let document = format!(r#"{{"channelData":{{"additionalAttributes":{list}}}}}"#);
    let stored = Document::parse(&document).expect("as deep as is allowed");
    let value = literal(stored.text());
    assert_eq!(value.depth(), Document::MAX_DEPTH);
    let changes = difference(&[], stored.attributes().expect("a list"));
    assert_eq!(changes.len(), 2);
    survives(&changes);
    let json = Event { changes, ..event(Some(&document)) }.to_json();
    assert_eq!(member(&json, "channelSession"), value);
}

#[test]
fn what_no_changes_were_written_as_is_refused() {
    for text in [
        "",
        "{}",
        "[1]",
        "[{}]",
        r#"[{"key":"k"}]"#,
        r#"[{"index":0}]"#,
        r#"[{"key":1,"index":0}]"#,
        r#"[{"key":"k","index":-1}]"#,
        r#"[{"key":"k","index":"0"}]"#,
        r#"[{"key":"k","index":0.0}]"#,
        r#"[{"key":"\u0000","index":0}]"#,
    ] {
        assert!(changes_from_text(text).is_err(), "{text}");
    }
}

fn any_list() -> impl Strategy<Value = Vec<Value>> {
    // A type that is null is recorded as one that is absent, so it is left out.
    let member = || prop::option::of(any_value().prop_filter("null", |value| *value != Value::Null));
    let entry = ("[a-d]", member(), member()).prop_map(|(key, value_type, value)| {
        let mut entry = Object::default();
        entry.insert("key", Value::String(key.into()));
        value_type.into_iter().for_each(|it| entry.insert("type", it));
        value.into_iter().for_each(|it| entry.insert("value", it));
        Value::Object(entry)
    });
    prop::collection::vec(prop_oneof![3 => entry, 1 => any_value()], 0..6)
}

proptest! {
    #[test]
    fn any_changes_survive_their_text(old in any_list(), new in any_list()) {
        survives(&difference(&old, &new));
    }
}

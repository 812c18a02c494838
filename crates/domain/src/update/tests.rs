//! The update rule, by example. Random documents are the conformance suite's, which holds the stores to this rule.

mod check;
mod preconditions;

use super::*;
use crate::literal;
use crate::{error::Malformed, precondition::Expected, session};

const LIMIT: usize = 3;
const REVISION: Revision = Revision::FIRST;

fn attach(attributes: &str) -> Update {
    let attributes = Attributes::parse(attributes, ValueRules::Strict).expect("valid attributes");
    Update::attach(attributes, LIMIT)
}

fn remove(keys: &[&str]) -> Update {
    let remove_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Update { remove_keys, ..Update::attach(Attributes::default(), LIMIT) }
}

fn outcome(document: &str, update: &Update) -> Result<Option<Value>, Error> {
    Ok(applied(document, update)?.map(|(document, _)| document))
}

/// The document, and the changes as `key@index: old -> new`.
fn applied(document: &str, update: &Update) -> Result<Option<(Value, Vec<String>)>, Error> {
    let Some(applied) = apply(&session::document(document), REVISION, update)? else { return Ok(None) };
    let value = literal(applied.document.text());
    assert_eq!(applied.document.text(), value.to_text(), "the text is canonical");
    assert_eq!(
        applied.document,
        session::document(applied.document.text()),
        "what is known of it is what it says"
    );
    Ok(Some((value, applied.changes.iter().map(summary).collect())))
}

fn summary(change: &AttributeDiff) -> String {
    let entry = |entry: &Option<Entry>| {
        let part = |part: &Option<Value>| part.as_ref().map_or_else(|| "?".to_owned(), Value::to_text);
        entry.as_ref().map_or_else(
            || "none".to_owned(),
            |entry| format!("{} {}", part(&entry.value_type), part(&entry.value)),
        )
    };
    format!("{}@{}: {} -> {}", change.key, change.index, entry(&change.old), entry(&change.new))
}

/// A document with these entries.
fn with(entries: &str) -> String {
    format!(r#"{{"a":[null,0.10],"channelData":{{"b":1e2,"additionalAttributes":[{entries}]}}}}"#)
}

#[test]
fn entries_are_replaced_where_they_stand_and_others_appended() {
    let update = attach(
        r#"[{"key":"new","type":"Number","value":1.0},{"key":"k","type":"Boolean","value":true},
            {"key":"new","type":"Number","value":2}]"#,
    );
    let before = with(r#"{"key":"k","type":"String50","value":"x","more":null},"k",{"key":"k"}"#);
    assert!(matches!(outcome(&before, &update), Err(Error::TooManyAttributes { found: 4, limit: LIMIT })));
    let before = with(r#"{"key":"k","type":"String50","value":"x","more":null},{"key":"k"}"#);
    let after = with(
        r#"{"key":"k","type":"Boolean","value":true,"more":null},{"key":"k","type":"Boolean","value":true},
           {"key":"new","type":"Number","value":2}"#,
    );
    let (document, changes) = applied(&before, &update).expect("within the limit").expect("a change");
    assert_eq!(document, literal(&after));
    assert_eq!(
        changes,
        [
            r#"new@2: none -> "Number" 2"#,
            r#"k@0: "String50" "x" -> "Boolean" true"#,
            r#"k@1: ? ? -> "Boolean" true"#,
        ]
    );
    assert_eq!(outcome(&after, &update).expect("a repeat"), None);
}

#[test]
fn only_entries_that_differ_are_reported() {
    let before = with(r#"{"key":"k","type":"Number","value":1},{"key":"k","type":"Number","value":2}"#);
    let (_, changes) = applied(&before, &attach(r#"[{"key":"k","type":"Number","value":2}]"#))
        .expect("valid")
        .expect("a change");
    assert_eq!(changes, [r#"k@0: "Number" 1 -> "Number" 2"#]);
}

#[test]
fn what_is_absent_or_null_counts_as_empty_and_what_is_malformed_is_refused() {
    let one = attach(r#"[{"key":"k","type":"Number","value":1}]"#);
    let after =
        literal(r#"{"channelData":{"additionalAttributes":[{"key":"k","type":"Number","value":1}]}}"#);
    for before in ["{}", r#"{"channelData":null}"#, r#"{"channelData":{"additionalAttributes":null}}"#] {
        assert_eq!(outcome(before, &one).expect(before), Some(after.clone()), "{before}");
        assert_eq!(outcome(before, &attach("[]")).expect(before), None, "{before}");
        assert_eq!(outcome(before, &remove(&["k"])).expect(before), None, "{before}");
    }
    for (before, malformed) in [
        (r#"{"channelData":[]}"#, Malformed::ChannelData),
        (r#"{"channelData":{"additionalAttributes":{}}}"#, Malformed::AdditionalAttributes),
    ] {
        for update in [&one, &remove(&["k"])] {
            assert!(
                matches!(outcome(before, update), Err(Error::ChannelDataMalformed(found)) if found == malformed)
            );
        }
        assert_eq!(outcome(before, &attach("[]")).expect(before), None, "{before}");
    }
}

#[test]
fn a_numbers_scale_is_a_change() {
    let before = with(r#"{"key":"k","type":"Number","value":0.1}"#);
    let after = with(r#"{"key":"k","type":"Number","value":0.10}"#);
    let update = attach(r#"[{"key":"k","type":"Number","value":0.10}]"#);
    assert_eq!(outcome(&before, &update).expect("changed"), Some(literal(&after)));
    assert_eq!(outcome(&after, &update).expect("unchanged"), None);
}

#[test]
fn removal_takes_every_entry_of_a_key_and_nothing_else() {
    let before = with(r#"{"key":"k","value":1},"k",{"key":"K"},{"key":"k","type":"Number"},{"key":["k"]}"#);
    let (document, changes) = applied(&before, &remove(&["gone", "k"])).expect("valid").expect("a change");
    assert_eq!(document, literal(&with(r#""k",{"key":"K"},{"key":["k"]}"#)));
    assert_eq!(changes, ["k@0: ? 1 -> none", r#"k@3: "Number" ? -> none"#]);
    assert_eq!(outcome(&before, &remove(&["gone"])).expect("valid"), None);
}

#[test]
fn removal_comes_first_and_what_is_told_says_so() {
    let before = with(r#"{"key":"a","type":"Number","value":1},{"key":"b","type":"Number","value":2}"#);
    let attributes = r#"[{"key":"c","type":"Number","value":3},{"key":"b","type":"Number","value":4}]"#;
    let update = Update { remove_keys: vec!["a".to_owned()], ..attach(attributes) };
    let (document, changes) = applied(&before, &update).expect("valid").expect("a change");
    let after = with(r#"{"key":"b","type":"Number","value":4},{"key":"c","type":"Number","value":3}"#);
    assert_eq!(document, literal(&after));
    assert_eq!(
        changes,
        [r#"a@0: "Number" 1 -> none"#, r#"c@1: none -> "Number" 3"#, r#"b@0: "Number" 2 -> "Number" 4"#]
    );
}

#[test]
fn the_limit_binds_a_list_that_has_grown_and_no_other() {
    let new = attach(r#"[{"key":"new","type":"Number","value":1}]"#);
    let refused = outcome(&with("1,2,3"), &new);
    assert!(matches!(refused, Err(Error::TooManyAttributes { found: 4, limit: LIMIT })), "{refused:?}");

    // What came in longer may be changed, and one may take the place of another.
    let before = with(r#"1,2,3,{"key":"k","type":"Number","value":1}"#);
    let same = attach(r#"[{"key":"k","type":"Number","value":2}]"#);
    assert!(outcome(&before, &same).expect("overridden, not grown").is_some());
    let swapped = Update { remove_keys: vec!["k".to_owned()], ..new };
    assert_eq!(
        outcome(&before, &swapped).expect("swapped, not grown"),
        Some(literal(&with(r#"1,2,3,{"key":"new","type":"Number","value":1}"#)))
    );
}

#[test]
fn a_document_that_would_outgrow_its_size_is_refused() {
    let value = "x".repeat(Attribute::MAX_VALUE_BYTES / 2);
    let update = attach(&format!(r#"[{{"key":"k","type":"WebChannelData","value":{{"v":"{value}"}}}}]"#));
    let document = format!(r#"{{"f":"{}"}}"#, "x".repeat(Document::MAX_BYTES - value.len()));
    let refused = outcome(&document, &update);
    assert!(matches!(refused, Err(Error::DocumentTooLarge { limit: Document::MAX_BYTES, .. })));
}

//! What attributes are held to before an update.

use super::*;

fn requires(key: &str, value: &str) -> Precondition {
    Precondition { key: key.to_owned(), expected: Expected::Value(literal(value)) }
}

fn absent(key: &str) -> Precondition {
    Precondition { key: key.to_owned(), expected: Expected::Absent }
}

fn mismatch(document: &str, preconditions: Vec<Precondition>, update: Update) -> Present {
    match outcome(document, &Update { preconditions, ..update }) {
        Err(Error::AttributeMismatch(present)) => *present,
        other => panic!("{document}: {other:?}"),
    }
}

fn entry(value_type: Option<&str>, value: Option<&str>) -> Entry {
    Entry { value_type: value_type.map(literal), value: value.map(literal) }
}

#[test]
fn what_is_required_and_met_lets_the_update_through() {
    let document =
        with(r#"{"key":"k","value":0.10},{"key":"k","type":"Number","value":0.10},{"key":"n","value":null}"#);
    let update = Update {
        preconditions: vec![requires("k", "0.10"), requires("n", "null"), absent("gone"), absent("K")],
        ..attach(r#"[{"key":"k","type":"Number","value":1}]"#)
    };
    let (_, changes) = applied(&document, &update).expect("all are met").expect("a change");
    assert_eq!(changes.len(), 2);
}

#[test]
fn what_is_not_met_says_what_there_is_and_at_which_revision() {
    let document =
        with(r#"{"key":"k","type":"Number","value":1},{"key":"k","more":0},{"key":"x","value":null}"#);
    for (precondition, present) in [
        (absent("k"), Some(entry(Some(r#""Number""#), Some("1")))),
        (requires("k", "2"), Some(entry(Some(r#""Number""#), Some("1")))),
        // Every entry with the key has to have the value: here the first has, and the second has none.
        (requires("k", "1"), Some(entry(None, None))),
        (requires("x", "false"), Some(entry(None, Some("null")))),
        (requires("gone", "null"), None),
    ] {
        let key = precondition.key.clone();
        let found = mismatch(&document, vec![precondition], attach("[]"));
        assert_eq!(found, Present { key, revision: REVISION, entry: present });
    }
}

#[test]
fn values_are_compared_exactly() {
    let document = with(r#"{"key":"k","value":{"b":1,"a":[0.10]}}"#);
    let met = Update { preconditions: vec![requires("k", r#"{"a":[0.10],"b":1}"#)], ..attach("[]") };
    assert_eq!(outcome(&document, &met).expect("member order means nothing"), None);
    mismatch(&document, vec![requires("k", r#"{"a":[0.1],"b":1}"#)], attach("[]"));
    mismatch(&document, vec![requires("k", r#"{"a":[0.10],"b":"1"}"#)], attach("[]"));
}

#[test]
fn the_first_of_several_that_is_not_met_answers_also_where_nothing_would_change() {
    let document = with(r#"{"key":"k","type":"Number","value":1}"#);
    let preconditions = vec![requires("k", "1"), absent("k"), requires("gone", "1")];
    let same = attach(r#"[{"key":"k","type":"Number","value":1}]"#);
    assert_eq!(mismatch(&document, preconditions, same).key, "k");
    assert_eq!(mismatch("{}", vec![requires("k", "1")], remove(&["k"])).entry, None);
}

#[test]
fn they_look_at_the_session_as_it_was_before_the_limit_and_after_the_list_itself() {
    let new = attach(r#"[{"key":"new","type":"Number","value":1}]"#);
    let update = Update { preconditions: vec![absent("new")], ..new.clone() };
    assert!(outcome("{}", &update).expect("it is absent before the update").is_some());
    mismatch(&with("1,2,3"), vec![requires("new", "1")], new.clone());
    let update = Update { preconditions: vec![requires("new", "1")], ..attach("[]") };
    let refused = outcome(r#"{"channelData":5}"#, &update);
    assert!(matches!(refused, Err(Error::ChannelDataMalformed(Malformed::ChannelData))), "{refused:?}");
}

#[test]
fn the_message_tells_no_value_and_cuts_a_long_key() {
    let key = "k".repeat(Attribute::MAX_KEY_CHARS);
    let document = with(&format!(r#"{{"key":"{key}","type":"Password","value":"Secret12"}}"#));
    let present = mismatch(&document, vec![absent(&key)], attach("[]"));
    let message = Error::AttributeMismatch(Box::new(present)).to_string();
    let expected = "is not as the request requires; the session's revision is 1";
    assert_eq!(message, format!("the attribute {} {expected}", "k".repeat(64)));
}

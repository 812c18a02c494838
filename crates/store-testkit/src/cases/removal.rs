//! Removing keys from a list of attributes.

use std::sync::Arc;

use domain::{
    Error, Reason,
    event::{AttributeDiff, Entry, Name},
    store::Store,
};

use super::{reader::Reader, requests, subject::Subject};
use crate::parsed;

const THREE: &str = r#"[{"key":"a","type":"Number","value":1},{"key":"b","type":"Number","value":0.10},
    {"key":"c","type":"Number","value":3}]"#;

pub async fn a_removed_key_is_gone(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, THREE).await;
    let left = r#"[{"key":"a","type":"Number","value":1},{"key":"c","type":"Number","value":3}]"#;
    subject.applies(requests::removal(subject.id(), &["b"]), &requests::with_list(left)).await;
    let left = r#"[{"key":"c","type":"Number","value":3}]"#;
    subject.applies(requests::removal(subject.id(), &["a"]), &requests::with_list(left)).await;
}

pub async fn a_key_that_is_stored_twice_is_removed_twice(store: &Arc<dyn Store>) {
    let list = r#"[{"key":"a","value":1},{"key":"b"},{"key":"a","type":5},"a",{"key":"a"}]"#;
    let mut subject = Subject::with_list(store, list).await;
    subject
        .applies(requests::removal(subject.id(), &["a"]), &requests::with_list(r#"[{"key":"b"},"a"]"#))
        .await;
}

pub async fn the_last_key_leaves_an_empty_list(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, THREE).await;
    subject.applies(requests::removal(subject.id(), &["c", "a", "b"]), &requests::with_list("[]")).await;
}

pub async fn an_absent_key_is_no_change(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, THREE).await;
    subject.ignores(requests::removal(subject.id(), &["d", "e"])).await;
    let id = subject.id();
    subject.ignores(requests::exchange(id, &["d"], &requests::one("a", 1))).await;
}

pub async fn an_absent_key_beside_one_that_is_there_changes_once(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &requests::one("a", 1)).await;
    subject.applies(requests::removal(subject.id(), &["x", "a", "y"]), &requests::with_list("[]")).await;
}

pub async fn nothing_to_remove_from_stays_as_it_is(store: &Arc<dyn Store>) {
    let documents = [
        "{}",
        r#"{"channelData":null}"#,
        r#"{"channelData":{}}"#,
        &requests::with_list("null"),
        &requests::with_list("[]"),
    ];
    for document in documents {
        let id = parsed::id(document);
        requests::create_all(&**store, std::slice::from_ref(&id), document).await;
        let unchanged = requests::made(&**store, requests::removal(&id, &["a"])).await;
        assert!(!unchanged.changed);
        assert_eq!(requests::answered(&unchanged), (parsed::value(document), 1));
        assert_eq!(requests::stored(&**store, &id).await, (parsed::value(document), 1));
    }
}

pub async fn the_others_keep_their_order_and_their_members(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(
        store,
        r#"{"n":0.10,"channelData":{"x":null,"additionalAttributes":[null,{"key":"z","since":1.0},{"key":"a"},
            [{"key":"a"}],"a",{"key":"b","value":{"key":"a"}},{"key":"a"},{"key":"z","by":{}},1.50]}}"#,
    )
    .await;
    let left = r#"{"n":0.10,"channelData":{"x":null,"additionalAttributes":[null,{"key":"z","since":1.0},
        [{"key":"a"}],"a",{"key":"b","value":{"key":"a"}},{"key":"z","by":{}},1.50]}}"#;
    subject.applies(requests::removal(subject.id(), &["a"]), left).await;
}

pub async fn keys_compare_exactly(store: &Arc<dyn Store>) {
    let keys =
        ["a", "A", "\u{e9}", "e\u{301}", "a ", " a", "\u{430}", "%", "_", "*", "ss", "\u{df}", "1", "null"];
    let others = r#"{"key":1},{"key":null},{"key":["a"]},{"Key":"a"},{"value":"a"}"#;
    let list = |keys: &[&str]| {
        let entries = keys.iter().map(|key| format!(r#"{{"key":"{key}","value":1}},"#));
        requests::with_list(&format!("[{}{others}]", entries.collect::<String>()))
    };
    let mut subject = Subject::stored(store, &list(&keys)).await;
    for at in 0..keys.len() {
        subject.applies(requests::removal(subject.id(), &keys[at..=at]), &list(&keys[at + 1..])).await;
    }
    subject.ignores(requests::removal(subject.id(), &keys)).await;
}

pub async fn keys_that_need_escapes_are_found(store: &Arc<dyn Store>) {
    let keys = ["say \"key\"", "back\\slash", "'", "{a,b}", "$.a", "\u{1f4ac}", "NULL", "\u{10ffff}"];
    let entries: Vec<_> =
        keys.map(|key| format!(r#"{{"key":{}}}"#, json::Value::String(key.into()))).to_vec();
    let mut subject = Subject::with_list(store, &format!("[{}]", entries.join(","))).await;
    subject.applies(requests::removal(subject.id(), &keys), &requests::with_list("[]")).await;
}

pub async fn a_hundred_keys_are_removed_at_once(store: &Arc<dyn Store>) {
    let keys: Vec<_> = (0..100).map(|at| format!("k{at}")).collect();
    let entries: Vec<_> = keys.iter().map(|key| format!(r#"{{"key":"{key}"}}"#)).collect();
    let mut subject = Subject::with_list(store, &format!("[{}]", entries.join(","))).await;
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    subject.applies(requests::removal(subject.id(), &keys), &requests::with_list("[]")).await;
}

pub async fn keys_are_removed_before_others_are_attached(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, THREE).await;
    let list = r#"[{"key":"b","type":"Number","value":0.1},{"key":"c","type":"Number","value":3},
        {"key":"d","type":"Number","value":4}]"#;
    let attributes = r#"[{"key":"d","type":"Number","value":4},{"key":"b","type":"Number","value":0.1}]"#;
    subject.applies(requests::exchange(subject.id(), &["a"], attributes), &requests::with_list(list)).await;
}

pub async fn what_is_removed_makes_room_for_what_is_attached(store: &Arc<dyn Store>) {
    let list = |numbers: std::ops::Range<usize>| {
        let entries: Vec<_> =
            numbers.map(|at| format!(r#"{{"key":"k{at}","type":"Number","value":{at}}}"#)).collect();
        format!("[{}]", entries.join(","))
    };
    let mut subject = Subject::with_list(store, &list(0..10)).await;
    let outgrows = subject.rejects(requests::exchange(subject.id(), &["x"], &list(10..11))).await;
    assert!(matches!(outgrows, Error::TooManyAttributes { found: 11, limit: 10 }), "{outgrows:?}");
    let outgrows = subject.rejects(requests::exchange(subject.id(), &["k0", "k1"], &list(10..13))).await;
    assert!(matches!(outgrows, Error::TooManyAttributes { found: 11, limit: 10 }), "{outgrows:?}");
    subject
        .applies(requests::exchange(subject.id(), &["k0"], &list(10..11)), &requests::with_list(&list(1..11)))
        .await;
}

pub async fn a_list_that_came_in_longer_can_shrink_and_be_exchanged(store: &Arc<dyn Store>) {
    let list = |numbers: std::ops::Range<usize>| {
        let entries: Vec<_> =
            numbers.map(|at| format!(r#"{{"key":"k{at}","type":"Number","value":{at}}}"#)).collect();
        format!("[{}]", entries.join(","))
    };
    let mut subject = Subject::with_list(store, &list(0..15)).await;
    subject.applies(requests::removal(subject.id(), &["k0"]), &requests::with_list(&list(1..15))).await;
    // As many as it had are no growth.
    subject
        .applies(requests::exchange(subject.id(), &["k1"], &list(15..16)), &requests::with_list(&list(2..16)))
        .await;
    let outgrows = subject.rejects(requests::exchange(subject.id(), &["k2"], &list(16..18))).await;
    assert!(matches!(outgrows, Error::TooManyAttributes { found: 15, limit: 10 }), "{outgrows:?}");
}

pub async fn a_key_that_comes_again_comes_last(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, THREE).await;
    let left = r#"{"key":"b","type":"Number","value":0.10},{"key":"c","type":"Number","value":3}"#;
    subject
        .applies(requests::removal(subject.id(), &["a"]), &requests::with_list(&format!("[{left}]")))
        .await;
    let again = r#"{"key":"a","type":"Number","value":1}"#;
    subject.list_becomes(&format!("[{again}]"), &format!("[{left},{again}]")).await;
}

pub async fn a_malformed_channel_data_is_told(store: &Arc<dyn Store>) {
    for document in [r#"{"channelData":5}"#, r#"{"channelData":[]}"#, &requests::with_list(r#"{"key":"a"}"#)]
    {
        let id = parsed::id(document);
        requests::create_all(&**store, std::slice::from_ref(&id), document).await;
        let error = requests::execute(&**store, requests::removal(&id, &["a"])).await.expect_err(document);
        assert_eq!(error.reason(), Reason::ChannelDataMalformed);
        assert_eq!(requests::stored(&**store, &id).await, (parsed::value(document), 1));
    }
}

pub async fn a_session_that_is_not_active_loses_nothing(store: &Arc<dyn Store>) {
    let document = r#"{"isActive":false,"channelData":{"additionalAttributes":[{"key":"a"}]}}"#;
    let subject = Subject::stored(store, document).await;
    for key in ["a", "b"] {
        let error = subject.rejects(requests::removal(subject.id(), &[key])).await;
        assert_eq!(error.reason(), Reason::ChannelSessionNotActive);
    }
}

pub async fn one_event_tells_all_that_was_removed_and_attached(store: &Arc<dyn Store>) {
    let list = r#"[{"key":"a","type":"Number","value":1},{"key":"b","value":0.10},{"key":"a","type":5}]"#;
    let mut subject = Subject::with_list(store, list).await;
    let mut reader = Reader::of(store, subject.id()).await;
    let attributes = r#"[{"key":"b","type":"Number","value":0.1},{"key":"c","type":"Number","value":2}]"#;
    subject
        .applies(requests::exchange(subject.id(), &["a", "x"], attributes), &requests::with_list(attributes))
        .await;
    subject.ignores(requests::removal(subject.id(), &["a"])).await;

    let event = reader.event().await;
    assert_eq!((event.name, event.revision.get()), (Name::DataUpdated, 2));
    let entry = |value_type: Option<&str>, value: Option<&str>| {
        Some(Entry { value_type: value_type.map(parsed::value), value: value.map(parsed::value) })
    };
    let change = |key: &str, index, old, new| AttributeDiff { key: key.to_owned(), index, old, new };
    assert_eq!(
        event.changes,
        [
            change("a", 0, entry(Some(r#""Number""#), Some("1")), None),
            change("a", 2, entry(Some("5"), None), None),
            change("b", 0, entry(None, Some("0.10")), entry(Some(r#""Number""#), Some("0.1"))),
            change("c", 1, None, entry(Some(r#""Number""#), Some("2"))),
        ]
    );
}

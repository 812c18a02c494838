//! What events do not show. That they are masked where they are recorded is shown with the batch.

use std::collections::BTreeSet;

use super::*;
use crate::session;

const SECRET: &str = r#""Secret12""#;

fn password() -> Option<Entry> {
    Some(entry(Some(r#""Password""#), Some(SECRET)))
}

fn text() -> Option<Entry> {
    Some(entry(Some(r#""String50""#), Some(SECRET)))
}

/// What is shown of the old and the new values of changes of a key each.
fn masked(
    changes: impl Into<Vec<(&'static str, Option<Entry>, Option<Entry>)>>,
) -> (Vec<String>, Vec<String>) {
    let mut changes: Vec<_> =
        changes.into().into_iter().map(|(key, old, new)| change(key, old, new)).collect();
    let keys = mask_changes(&mut changes);
    let value = |entry: Option<Entry>| match entry {
        None => "none".to_owned(),
        Some(Entry { value: None, .. }) => "?".to_owned(),
        Some(Entry { value: Some(value), .. }) if value == literal(SECRET) => "shown".to_owned(),
        Some(Entry { value: Some(value), .. }) => value.as_str().expect("a mask").to_owned(),
    };
    let shown = changes.into_iter().map(|change| format!("{} {}", value(change.old), value(change.new)));
    (shown.collect(), keys.into_iter().collect())
}

fn document(entries: &str) -> session::Document {
    session::document(&format!(r#"{{"a":0.10,"channelData":{{"additionalAttributes":[{entries}]}}}}"#))
}

fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn a_value_is_masked_where_its_old_or_its_new_type_is_password() {
    let both = format!("{MASK} {MASK}");
    for (old, new, shown) in [
        (password(), password(), &*both),
        (password(), text(), &both),
        (text(), password(), &both),
        (password(), None, &format!("{MASK} none")),
        (None, password(), &format!("none {MASK}")),
    ] {
        assert_eq!(masked([("k", old, new)]), (vec![shown.to_owned()], vec!["k".to_owned()]));
    }
    assert_eq!(masked([("k", text(), text())]), (vec!["shown shown".to_owned()], vec![]));
    let password_in_other_words = Some(entry(Some(r#""password""#), Some(SECRET)));
    assert_eq!(masked([("k", None, password_in_other_words)]).0, ["none shown"]);
}

#[test]
fn a_value_that_is_not_there_is_not_made_up() {
    let without = || Some(entry(Some(r#""Password""#), None));
    assert_eq!(masked([("k", without(), text())]).0, [format!("? {MASK}")]);
}

#[test]
fn every_change_of_a_secret_key_is_masked_and_no_other() {
    let (shown, keys) = masked([("k", text(), text()), ("k", password(), text()), ("other", text(), text())]);
    assert_eq!(shown, [format!("{MASK} {MASK}"), format!("{MASK} {MASK}"), "shown shown".to_owned()]);
    assert_eq!(keys, ["k"]);
}

#[test]
fn documents_tell_no_password_and_no_value_of_a_secret_key() {
    let before = document(
        r#"{"key":"p","type":"Password","value":"Secret12","more":0.10},{"key":"k","type":"String50","value":"Secret12"},
           {"key":"other","type":"String50","value":"shown"},{"type":"Password","value":["Secret12"]},
           {"key":"bare","type":"Password"},"k",null"#,
    );
    let after = document(&format!(
        r#"{{"key":"p","type":"Password","value":"{MASK}","more":0.10}},{{"key":"k","type":"String50","value":"{MASK}"}},
           {{"key":"other","type":"String50","value":"shown"}},{{"type":"Password","value":"{MASK}"}},
           {{"key":"bare","type":"Password"}},"k",null"#
    ));
    assert_eq!(mask_document(&before, &keys(&["k"])), Some(after.into_text()));
}

#[test]
fn where_there_is_nothing_to_mask_the_document_is_not_written_again() {
    let plain = document(r#"{"key":"k","type":"String50","value":"shown"},"Password",{"type":["Password"]}"#);
    assert_eq!(mask_document(&plain, &keys(&[])), None);
    assert_eq!(mask_document(&plain, &keys(&["other"])), None);
    for malformed in
        ["{}", r#"{"channelData":[]}"#, r#"{"channelData":{"additionalAttributes":{"type":"Password"}}}"#]
    {
        assert_eq!(mask_document(&session::document(malformed), &keys(&["k"])), None, "{malformed}");
    }
}

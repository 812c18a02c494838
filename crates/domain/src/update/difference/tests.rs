//! The changes of a whole document that replaces another.

use super::*;
use crate::session::document;

fn diffs(old: &str, new: &str) -> Vec<String> {
    let with = |list: &str| document(&format!(r#"{{"channelData":{{"additionalAttributes":{list}}}}}"#));
    let (old, new) = (with(old), with(new));
    let value = |entry: Option<Entry>| {
        entry.map_or_else(|| "none".to_owned(), |entry| entry.value.map_or("?".to_owned(), |it| it.to_text()))
    };
    difference(old.attributes().unwrap_or_default(), new.attributes().unwrap_or_default())
        .into_iter()
        .map(|change| format!("{}@{} {} {}", change.key, change.index, value(change.old), value(change.new)))
        .collect()
}

#[test]
fn entries_that_were_added_changed_or_removed_are_told_and_those_that_moved_are_not() {
    let old = r#"[{"key":"gone","value":1},{"key":"same","value":2},{"key":"other","value":3}]"#;
    let new = r#"[{"key":"other","value":3.0},{"key":"new"},{"key":"same","value":2}]"#;
    assert_eq!(diffs(old, new), ["gone@0 1 none", "other@0 3 3.0", "new@1 none ?"]);
    assert_eq!(diffs(old, "[]"), ["gone@0 1 none", "same@1 2 none", "other@2 3 none"]);
    assert_eq!(diffs(old, old), [""; 0]);
}

#[test]
fn of_a_key_that_is_there_more_than_once_the_first_belongs_to_the_first() {
    let old = r#"[{"key":"k","value":1},{"key":"k","value":2},{"key":"k","value":3}]"#;
    let new = r#"[{"key":"k","value":1},{"key":"x","value":0},{"key":"k","value":3}]"#;
    assert_eq!(diffs(old, new), ["k@2 3 none", "x@1 none 0", "k@2 2 3"]);
    assert_eq!(diffs("[]", old), ["k@0 none 1", "k@1 none 2", "k@2 none 3"]);
    assert_eq!(diffs(old, "[]"), ["k@0 1 none", "k@1 2 none", "k@2 3 none"]);
}

#[test]
fn entries_without_a_key_and_lists_that_are_none_are_nobodys() {
    assert_eq!(diffs(r#"["k",{"key":5},{},[]]"#, r#"[{"value":1}]"#), [""; 0]);
    assert_eq!(diffs("null", r#"{"key":"k"}"#), [""; 0]);
}

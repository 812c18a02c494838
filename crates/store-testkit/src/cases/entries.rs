//! Entries of a list that are not as the service writes them: they stay, and they are no match.

use std::sync::Arc;

use domain::store::Store;

use super::subject::Subject;

/// Stores the entry alone, and attaches an attribute with the key `a`.
async fn stays_beside_an_appended(store: &Arc<dyn Store>, entries: &str) {
    let mut subject = Subject::with_list(store, &format!("[{entries}]")).await;
    subject.limit(100);
    let attribute = r#"{"key":"a","type":"Number","value":1}"#;
    subject.list_becomes(&format!("[{attribute}]"), &format!("[{entries},{attribute}]")).await;
    subject.stays(&format!("[{attribute}]")).await;
}

pub async fn scalars_stay(store: &Arc<dyn Store>) {
    stays_beside_an_appended(store, r#""a","key",null,true,false,0,0.10,12345678901234567890,"""#).await;
}

pub async fn arrays_stay(store: &Arc<dyn Store>) {
    stays_beside_an_appended(
        store,
        r#"[],["a"],["key","a"],[{"key":"a","type":"Number","value":0}],[["key"],["a"]]"#,
    )
    .await;
}

pub async fn objects_without_a_key_stay(store: &Arc<dyn Store>) {
    stays_beside_an_appended(
        store,
        r#"{},{"type":"Number","value":0},{"Key":"a"},{"KEY":"a"},{" key":"a"},{"":"a"}"#,
    )
    .await;
}

pub async fn keys_that_are_no_strings_match_nothing(store: &Arc<dyn Store>) {
    stays_beside_an_appended(
        store,
        r#"{"key":null},{"key":true},{"key":1},{"key":["a"]},{"key":{"key":"a"}},{"key":{"a":1}},{"key":[]}"#,
    )
    .await;
}

pub async fn a_key_equals_no_others_json_text(store: &Arc<dyn Store>) {
    let entries = r#"{"key":1},{"key":null},{"key":true},{"key":"\"a\""},{"key":["a"]}"#;
    let mut subject = Subject::with_list(store, &format!("[{entries}]")).await;
    subject.limit(100);
    let attributes = r#"{"key":"1","type":"Number","value":1},{"key":"null","type":"Number","value":1},
        {"key":"true","type":"Number","value":1},{"key":"[\"a\"]","type":"Number","value":1}"#;
    subject.list_becomes(&format!("[{attributes}]"), &format!("[{entries},{attributes}]")).await;
}

pub async fn a_key_deep_inside_an_entry_matches_nothing(store: &Arc<dyn Store>) {
    stays_beside_an_appended(
        store,
        r#"{"key":"b","type":"WebChannelData","value":{"key":"a","type":"Number","value":0}},
           {"entry":{"key":"a"}},{"key":"b","value":[{"key":"a","value":0}]}"#,
    )
    .await;
}

pub async fn others_keep_their_places_around_a_replaced_entry(store: &Arc<dyn Store>) {
    let mut subject =
        Subject::with_list(store, r#"[null,{"key":"a"},"a",[{"key":"a"}],{"key":"a","value":0},1.50]"#).await;
    subject
        .list_becomes(
            r#"[{"key":"a","type":"Number","value":1}]"#,
            r#"[null,{"key":"a","type":"Number","value":1},"a",[{"key":"a"}],
                {"key":"a","type":"Number","value":1},1.50]"#,
        )
        .await;
}

pub async fn types_and_values_of_any_kind_are_replaced(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(
        store,
        r#"[{"key":"a","type":5,"value":{"deep":[1]}},{"key":"a","type":null},
            {"key":"a","type":["x"],"value":[]},{"key":"a"}]"#,
    )
    .await;
    let entry = r#"{"key":"a","type":"Number","value":1}"#;
    subject.list_becomes(&format!("[{entry}]"), &format!("[{entry},{entry},{entry},{entry}]")).await;
}

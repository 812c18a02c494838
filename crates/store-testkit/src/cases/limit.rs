//! The limit on how far a list may grow.

use std::sync::Arc;

use domain::store::Store;

use super::{requests, subject::Subject};

/// A list of `count` entries, `k0` and so on, that have all the same value.
fn list(count: usize, value: u8) -> String {
    let entries: Vec<_> =
        (0..count).map(|at| format!(r#"{{"key":"k{at}","type":"Number","value":{value}}}"#)).collect();
    format!("[{}]", entries.join(","))
}

const ANOTHER: &str = r#"[{"key":"another","type":"Number","value":1}]"#;

pub async fn a_list_grows_to_the_limit_and_not_beyond(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &list(9, 1)).await;
    subject.outgrows(&list(11, 1), 11).await;
    subject.list_becomes(&list(10, 1), &list(10, 1)).await;
    subject.outgrows(ANOTHER, 11).await;
}

pub async fn a_list_at_the_limit_can_be_overridden(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &list(10, 1)).await;
    subject.list_becomes(&list(10, 2), &list(10, 2)).await;
}

pub async fn a_list_that_came_in_longer_can_be_overridden_and_not_grown(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &list(15, 1)).await;
    subject.stays(&list(15, 1)).await;
    subject.outgrows(ANOTHER, 16).await;
    subject.list_becomes(&list(15, 2), &list(15, 2)).await;
    subject.outgrows(&list(17, 3), 17).await;
}

pub async fn a_request_that_would_outgrow_the_limit_is_refused_as_a_whole(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &list(10, 1)).await;
    subject
        .outgrows(
            r#"[{"key":"k0","type":"Number","value":2},{"key":"another","type":"Number","value":1}]"#,
            11,
        )
        .await;
}

pub async fn repeated_keys_of_a_request_count_once(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &list(9, 1)).await;
    let twice = r#"[{"key":"k9","type":"Number","value":0},{"key":"k9","type":"Number","value":1}]"#;
    subject.list_becomes(twice, &list(10, 1)).await;
}

pub async fn a_key_that_is_stored_twice_counts_twice(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, r#"[{"key":"a","value":1},{"key":"a","value":2}]"#).await;
    subject.limit(2);
    subject.outgrows(ANOTHER, 3).await;
    subject
        .list_becomes(
            r#"[{"key":"a","type":"Number","value":3}]"#,
            r#"[{"key":"a","type":"Number","value":3},{"key":"a","type":"Number","value":3}]"#,
        )
        .await;
}

pub async fn entries_that_are_no_objects_count(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, r#"[null,"a",1,[],{}]"#).await;
    subject.limit(5);
    subject.outgrows(ANOTHER, 6).await;
    subject.limit(6);
    subject.list_becomes(ANOTHER, r#"[null,"a",1,[],{},{"key":"another","type":"Number","value":1}]"#).await;
}

pub async fn each_item_brings_its_own_limit(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    for count in [1, 3, 12] {
        subject.limit(count);
        subject.list_becomes(&list(count, 1), &list(count, 1)).await;
    }
    subject.limit(5);
    subject.outgrows(&list(13, 1), 13).await;
}

pub async fn a_limit_of_none_lets_no_list_grow(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &list(1, 1)).await;
    subject.limit(0);
    subject.outgrows(ANOTHER, 2).await;
    subject.list_becomes(&list(1, 2), &list(1, 2)).await;
}

pub async fn the_largest_limit_is_none(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &list(50, 1)).await;
    subject.limit(usize::MAX);
    subject.list_becomes(&list(60, 1), &list(60, 1)).await;
}

pub async fn the_limit_is_checked_before_the_size(store: &Arc<dyn Store>) {
    let large = domain::session::Document::MAX_BYTES - 200;
    let document = format!(
        r#"{{"channelData":{{"additionalAttributes":{}}},"pad":"{}"}}"#,
        list(1, 1),
        "x".repeat(large)
    );
    let mut subject = Subject::stored(store, &document).await;
    subject.limit(1);
    let attribute = format!(r#"[{{"key":"another","type":"String2000","value":"{}"}}]"#, "x".repeat(1000));
    subject.outgrows(&attribute, 2).await;
    subject.limit(requests::MAX_ATTRIBUTES);
    let error = subject.refuses(&attribute).await;
    assert_eq!(error.reason(), domain::Reason::DocumentTooLarge);
}

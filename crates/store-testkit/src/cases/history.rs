//! A session's past, newest first.

use std::sync::Arc;

use domain::{
    command::Existing,
    event::{Event, Name},
    history::{MAX_SCANNED, MAX_SCANNED_BYTES, Page},
    session::{Id, Revision, TenantId},
    store::Store,
};

use super::{reader::Reader, requests, retention::all_go};
use crate::{generate, parsed};

async fn history(
    store: &Arc<dyn Store>,
    id: &Id,
    key: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Vec<Event> {
    requests::history_of(&**store, id, key, before.map(Revision::new), limit).await
}

async fn revisions(
    store: &Arc<dyn Store>,
    id: &Id,
    key: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Vec<i64> {
    history(store, id, key, before, limit).await.iter().map(|event| event.revision.get()).collect()
}

async fn page(store: &Arc<dyn Store>, id: &Id, key: Option<&str>, before: Option<i64>, limit: usize) -> Page {
    let before = before.map(Revision::new);
    store.history(&TenantId::only(), id, key, before, limit).await.expect("the store answers")
}

/// A session with ten revisions: those from 2 on attach, in turn, `a`, `b`, and both.
async fn ten(store: &Arc<dyn Store>) -> Id {
    let id = requests::create_one(&**store, "{}").await;
    for revision in 2..=10 {
        let both = format!(
            r#"[{{"key":"a","type":"Number","value":{revision}}},{{"key":"b","type":"Number","value":{revision}}}]"#
        );
        let attributes = match revision % 3 {
            0 => requests::one("a", revision),
            1 => requests::one("b", revision),
            _ => both,
        };
        requests::made(&**store, requests::update(&id, &attributes)).await;
    }
    id
}

pub async fn it_comes_newest_first(store: &Arc<dyn Store>) {
    let id = ten(store).await;
    assert_eq!(revisions(store, &id, None, None, 100).await, (1..=10).rev().collect::<Vec<_>>());
}

pub async fn it_is_what_the_events_told_without_their_documents(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let id = ten(store).await;
    requests::made(&**store, requests::at(5, requests::under("r", requests::removal(&id, &["a"])))).await;
    requests::made(&**store, requests::end(&id)).await;
    requests::made(
        &**store,
        requests::creation_or(Existing::Replace, &id, &requests::with_list(&requests::one("b", "0.10"))),
    )
    .await;
    let scope = domain::event::Scope::Session(id.clone());
    let mut events = Reader::from(store, scope, start).events().await;
    assert_eq!(events.len(), 13);
    for event in &mut events {
        event.document = None;
    }
    events.reverse();
    assert_eq!(history(store, &id, None, None, 100).await, events);
}

pub async fn a_keys_past_has_the_changes_of_that_key(store: &Arc<dyn Store>) {
    let id = ten(store).await;
    assert_eq!(revisions(store, &id, Some("a"), None, 100).await, [9, 8, 6, 5, 3, 2]);
    assert_eq!(revisions(store, &id, Some("b"), None, 100).await, [10, 8, 7, 5, 4, 2]);
    assert_eq!(revisions(store, &id, Some("c"), None, 100).await, [0; 0]);
    // An event that changed both has both.
    let keys: Vec<_> =
        history(store, &id, Some("a"), Some(9), 1).await[0].keys().into_iter().map(str::to_owned).collect();
    assert_eq!(keys, ["a", "b"]);
}

pub async fn a_removed_a_replaced_and_a_created_key_have_a_past(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("a", 1))).await;
    requests::made(&**store, requests::update(&id, &requests::one("b", 1))).await;
    requests::made(&**store, requests::removal(&id, &["a"])).await;
    requests::made(
        &**store,
        requests::creation_or(Existing::Replace, &id, &requests::with_list(&requests::one("a", 2))),
    )
    .await;
    assert_eq!(revisions(store, &id, Some("a"), None, 10).await, [4, 3, 1]);
    assert_eq!(revisions(store, &id, Some("b"), None, 10).await, [4, 2]);
}

pub async fn keys_are_compared_exactly(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    for key in generate::KEYS {
        let key = json::Value::String(key.into());
        let attributes = format!(r#"[{{"key":{key},"type":"Number","value":1}}]"#);
        requests::made(&**store, requests::update_within(100, &id, &attributes)).await;
    }
    for (revision, key) in (2..).zip(generate::KEYS) {
        assert_eq!(revisions(store, &id, Some(key), None, 100).await, [revision], "{key}");
    }
    for key in ["", "%", "k", "a\0", "\0", &"x".repeat(100_000)] {
        assert_eq!(revisions(store, &id, Some(key), None, 100).await, [0; 0], "{key}");
    }
}

pub async fn a_key_of_any_length_has_a_past(store: &Arc<dyn Store>) {
    let long = "💬".repeat(30_000);
    let longer = format!("{long}x");
    let id = requests::create_one(
        &**store,
        &requests::with_list(&format!(r#"[{{"key":"{long}"}},{{"key":""}}]"#)),
    )
    .await;
    let other = requests::with_list(&format!(r#"[{{"key":"{longer}"}},{{"key":""}}]"#));
    requests::made(&**store, requests::creation_or(Existing::Replace, &id, &other)).await;
    assert_eq!(revisions(store, &id, Some(&long), None, 10).await, [2, 1]);
    assert_eq!(revisions(store, &id, Some(&longer), None, 10).await, [2]);
    assert_eq!(revisions(store, &id, Some(""), None, 10).await, [1]);
}

pub async fn pages_of_any_size_follow_each_other(store: &Arc<dyn Store>) {
    let id = ten(store).await;
    for (key, expected) in [(None, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1][..]), (Some("a"), &[9, 8, 6, 5, 3, 2])] {
        for limit in [1, 3, 6, 10, 11, usize::MAX] {
            let seen = revisions(store, &id, key, None, limit).await;
            assert_eq!(seen, expected, "of {key:?} in pages of {limit}");
        }
    }
    assert_eq!(page(store, &id, None, None, 0).await.events, []);
}

pub async fn without_a_key_a_page_is_full_unless_it_is_the_last(store: &Arc<dyn Store>) {
    let id = ten(store).await;
    for (before, limit, expected, next) in [
        (None, 3, &[10, 9, 8][..], Some(8)),
        (Some(8), 7, &[7, 6, 5, 4, 3, 2, 1], None),
        (Some(8), 8, &[7, 6, 5, 4, 3, 2, 1], None),
        (Some(8), 6, &[7, 6, 5, 4, 3, 2], Some(2)),
    ] {
        let page = page(store, &id, None, before, limit).await;
        let revisions: Vec<_> = page.events.iter().map(|event| event.revision.get()).collect();
        let found = (&*revisions, page.next.map(Revision::get));
        assert_eq!(found, (expected, next), "{limit} before {before:?}");
    }
}

/// More changes than are looked at for two pages.
pub async fn a_key_that_changed_long_ago_is_found(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("old", 1))).await;
    let changes: Vec<_> = (0..2 * MAX_SCANNED + 10)
        .map(|value| requests::update_within(MAX_SCANNED, &id, &requests::one("often", value)))
        .collect();
    for some in changes.chunks(256) {
        for result in store.execute(some.to_vec()).await {
            result.expect("the update is made");
        }
    }
    let last = i64::try_from(1 + changes.len()).expect("a few thousand");
    for limit in [1, 100, usize::MAX] {
        assert_eq!(revisions(store, &id, Some("old"), None, limit).await, [1], "in pages of {limit}");
        assert_eq!(revisions(store, &id, Some("never"), None, limit).await, [0; 0], "in pages of {limit}");
        assert_eq!(revisions(store, &id, Some("often"), None, limit).await.len(), changes.len());
    }
    assert_eq!(revisions(store, &id, Some("old"), Some(2), 100).await, [1]);
    let most = i64::try_from(MAX_SCANNED).expect("a thousand");
    let next = page(store, &id, Some("never"), None, 100).await.next.expect("it is not the last page");
    assert!(next.get() > last - most, "more was looked at for a page: it goes on before {next:?} of {last}");
}

pub async fn a_key_behind_large_changes_is_found(store: &Arc<dyn Store>) {
    const BYTES: usize = 60_000;
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("old", 1))).await;
    let last = 30;
    for revision in 2..=last {
        let value = format!(r#""{}{revision}""#, "x".repeat(BYTES));
        let attribute = format!(r#"[{{"key":"large","type":"WebChannelData","value":{{"a":{value}}}}}]"#);
        requests::made(&**store, requests::update(&id, &attribute)).await;
    }
    assert_eq!(revisions(store, &id, Some("old"), None, 10).await, [1]);
    assert_eq!(revisions(store, &id, Some("never"), None, 10).await, [0; 0]);
    assert_eq!(revisions(store, &id, Some("large"), None, 3).await, (2..=last).rev().collect::<Vec<_>>());
    // Each has the value before and of that after it.
    let most = i64::try_from(MAX_SCANNED_BYTES / (2 * BYTES) + 2).expect("a few");
    let next = page(store, &id, Some("never"), None, 10).await.next.expect("it is not the last page");
    assert!(next.get() > last - most, "more was looked at for a page: it goes on before {next:?} of {last}");
}

pub async fn before_a_revision_comes_what_is_older(store: &Arc<dyn Store>) {
    let id = ten(store).await;
    for (before, expected) in [(1, &[][..]), (2, &[1]), (3, &[2, 1]), (0, &[]), (-1, &[])] {
        assert_eq!(revisions(store, &id, None, Some(before), 10).await, expected, "before {before}");
    }
    for before in [11, 99, i64::MAX] {
        let page = page(store, &id, None, Some(before), 2).await;
        let revisions: Vec<_> = page.events.iter().map(|event| event.revision.get()).collect();
        assert_eq!(revisions, [10, 9], "before {before}");
    }
}

pub async fn a_session_that_never_was_has_none(store: &Arc<dyn Store>) {
    ten(store).await;
    assert_eq!(history(store, &parsed::id("missing"), None, None, 10).await, []);
    assert_eq!(history(store, &parsed::id("missing"), Some("a"), Some(5), 10).await, []);
}

pub async fn each_session_has_its_own(store: &Arc<dyn Store>) {
    let ids = ["it", "it ", "IT", "i"].map(parsed::id);
    requests::create_all(&**store, &ids, "{}").await;
    for (at, id) in ids.iter().enumerate() {
        for value in 0..at {
            requests::made(&**store, requests::update(id, &requests::one("a", value))).await;
        }
    }
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(revisions(store, id, None, None, 10).await.len(), at + 1);
        assert_eq!(revisions(store, id, Some("a"), None, 10).await.len(), at);
    }
}

pub async fn it_goes_on_after_the_session_is_created_again(store: &Arc<dyn Store>) {
    let id = ten(store).await;
    requests::made(&**store, requests::deletion(&id)).await;
    assert_eq!(revisions(store, &id, None, None, 10).await, [11]);
    requests::create_all(&**store, std::slice::from_ref(&id), "{}").await;
    requests::made(&**store, requests::update(&id, &requests::one("a", 1))).await;
    let found: Vec<_> = history(store, &id, None, None, 10)
        .await
        .iter()
        .map(|event| (event.revision.get(), event.name))
        .collect();
    assert_eq!(found, [(13, Name::DataUpdated), (12, Name::Started), (11, Name::Deleted)]);
    assert_eq!(revisions(store, &id, Some("a"), None, 10).await, [13]);
}

pub async fn what_is_not_kept_any_longer_is_gone(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    for revision in 2..=6 {
        requests::made(
            &**store,
            requests::at(revision * 10, requests::update(&id, &requests::one("a", revision))),
        )
        .await;
    }
    // Those of revisions 1, 2 and 3, at 0, 20 and 30.
    all_go(store, 40, 3).await;
    assert_eq!(revisions(store, &id, None, None, 10).await, [6, 5, 4]);
    assert_eq!(revisions(store, &id, Some("a"), Some(6), 10).await, [5, 4]);
    assert_eq!(requests::stored(&**store, &id).await.1, 6);
}

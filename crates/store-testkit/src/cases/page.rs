//! Listing sessions page by page.

use std::sync::Arc;

use domain::{
    session::{Id, Session, TenantId},
    store::Store,
};

use super::ask;
use crate::{parsed, seed};

/// Ids in the order of their UTF-8 bytes, which is neither a language's order nor that of UTF-16.
const IN_ORDER: [&str; 20] = [
    " ",
    "-",
    "A",
    "B",
    "Z",
    "_",
    "a",
    "a ",
    "a b",
    "a-b",
    "aB",
    "aa",
    "ab",
    "b",
    "e\u{301}",
    "z",
    "\u{e9}",
    "\u{4e2d}",
    "\u{ffff}",
    "\u{10000}",
];

async fn page(store: &Arc<dyn Store>, after: Option<&str>, limit: usize) -> Vec<String> {
    let after = after.map(parsed::id);
    let page: Vec<Session> =
        store.page(&TenantId::default(), after.as_ref(), limit).await.expect("the store answers");
    page.into_iter().map(|session| session.id.as_str().to_owned()).collect()
}

async fn store_all(store: &Arc<dyn Store>) {
    // Not in their order, so that no order of storing can pass for it.
    let mut ids: Vec<Id> = IN_ORDER.map(parsed::id).to_vec();
    ids.reverse();
    ids.swap(3, 15);
    ids.swap(8, 1);
    ask::create_all(&**store, &ids, "{}").await;
}

pub async fn an_empty_store_has_an_empty_page(store: &Arc<dyn Store>) {
    assert!(page(store, None, 10).await.is_empty());
    assert!(page(store, Some("a"), 10).await.is_empty());
}

pub async fn sessions_come_in_the_order_of_their_ids_bytes(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert_eq!(page(store, None, 100).await, IN_ORDER);
}

pub async fn pages_of_any_size_follow_each_other_without_gaps(store: &Arc<dyn Store>) {
    store_all(store).await;
    for limit in [1, 3, 10, 19, 20, 21] {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let next = page(store, seen.last().map(String::as_str), limit).await;
            assert!(next.len() <= limit);
            let is_last = next.len() < limit;
            seen.extend(next);
            if is_last {
                break;
            }
        }
        assert_eq!(seen, IN_ORDER, "in pages of {limit}");
    }
}

pub async fn a_page_starts_behind_an_id_that_is_not_there(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert_eq!(page(store, Some("a!"), 3).await, ["a-b", "aB", "aa"]);
    assert_eq!(page(store, Some("C"), 1).await, ["Z"]);
    assert_eq!(page(store, Some("!"), 1).await, ["-"]);
}

pub async fn nothing_comes_behind_the_last(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert!(page(store, Some("\u{10000}"), 10).await.is_empty());
    assert!(page(store, Some("\u{10ffff}"), 10).await.is_empty());
}

pub async fn a_page_of_none_is_empty(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert!(page(store, None, 0).await.is_empty());
}

pub async fn the_largest_limit_gives_all(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert_eq!(page(store, None, usize::MAX).await, IN_ORDER);
}

pub async fn a_page_has_the_sessions_as_they_stand(store: &Arc<dyn Store>) {
    let ids = ask::ids(3);
    ask::create_all(&**store, &ids, seed::CHANNEL_SESSION).await;
    ask::update_one(&**store, ask::update(&ids[1], r#"[{"key":"a","type":"Number","value":0.10}]"#))
        .await
        .expect("the update is made");
    let page = store.page(&TenantId::default(), None, 10).await.expect("the store answers");
    assert_eq!(page.len(), ids.len());
    for (session, id) in page.iter().zip(&ids) {
        assert_eq!(session.id, *id);
        assert_eq!(ask::read(session), ask::stored(&**store, id).await);
    }
    assert_eq!(page.iter().map(|session| session.revision.get()).collect::<Vec<_>>(), [1, 2, 1]);
}

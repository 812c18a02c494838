//! Listing sessions page by page.

use std::sync::Arc;

use domain::{
    list::Filter,
    session::{Id, TenantId},
    store::Store,
};
use tokio::task::JoinSet;

use super::requests;
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

/// All ids behind one, read in pages of a size.
async fn behind(store: &Arc<dyn Store>, after: Option<&str>, limit: usize) -> Vec<String> {
    let sessions = requests::list(&**store, &Filter::default(), after.map(parsed::id), limit).await;
    sessions.into_iter().map(|session| session.id.as_str().to_owned()).collect()
}

async fn store_all(store: &Arc<dyn Store>) {
    // Not in their order, so that no order of storing can pass for it.
    let mut ids: Vec<Id> = IN_ORDER.map(parsed::id).to_vec();
    ids.reverse();
    ids.swap(3, 15);
    ids.swap(8, 1);
    requests::create_all(&**store, &ids, "{}").await;
}

pub async fn an_empty_store_has_an_empty_page(store: &Arc<dyn Store>) {
    assert!(behind(store, None, 10).await.is_empty());
    assert!(behind(store, Some("a"), 10).await.is_empty());
}

pub async fn sessions_come_in_the_order_of_their_ids_bytes(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert_eq!(behind(store, None, 100).await, IN_ORDER);
}

pub async fn pages_of_any_size_follow_each_other_without_gaps(store: &Arc<dyn Store>) {
    store_all(store).await;
    for limit in [1, 3, 10, 19, 20, 21] {
        assert_eq!(behind(store, None, limit).await, IN_ORDER, "in pages of {limit}");
    }
}

pub async fn a_page_starts_behind_an_id_that_is_not_there(store: &Arc<dyn Store>) {
    store_all(store).await;
    for (after, first) in [("a!", "a-b"), ("C", "Z"), ("!", "-"), ("\u{ea}", "\u{4e2d}")] {
        let at = IN_ORDER.iter().position(|id| *id == first).expect("it is one of them");
        for limit in [1, 3, 30] {
            assert_eq!(behind(store, Some(after), limit).await, IN_ORDER[at..], "behind {after}");
        }
    }
}

pub async fn nothing_comes_behind_the_last(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert!(behind(store, Some("\u{10000}"), 10).await.is_empty());
    assert!(behind(store, Some("\u{10ffff}"), 10).await.is_empty());
}

pub async fn a_page_of_none_is_empty(store: &Arc<dyn Store>) {
    store_all(store).await;
    let page = store.list(&TenantId::only(), &Filter::default(), None, 0).await;
    assert!(page.expect("the store answers").sessions.is_empty());
}

pub async fn the_largest_limit_gives_all(store: &Arc<dyn Store>) {
    store_all(store).await;
    assert_eq!(behind(store, None, usize::MAX).await, IN_ORDER);
}

pub async fn a_page_has_the_sessions_as_they_stand(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, seed::CHANNEL_SESSION).await;
    requests::made(&**store, requests::update(&ids[1], &requests::one("a", "0.10"))).await;
    let page = requests::list(&**store, &Filter::default(), None, 10).await;
    assert_eq!(page.len(), ids.len());
    for (session, id) in page.iter().zip(&ids) {
        assert_eq!(session.id, *id);
        assert_eq!(requests::read(session), requests::stored(&**store, id).await);
    }
    assert_eq!(page.iter().map(|session| session.revision.get()).collect::<Vec<_>>(), [1, 2, 1]);
}

pub async fn a_session_that_changes_between_two_pages_keeps_its_place(store: &Arc<dyn Store>) {
    store_all(store).await;
    let tenant = TenantId::only();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        // Every session changes before every page.
        let attributes = requests::one("round", seen.len());
        for result in
            store.execute(IN_ORDER.map(|id| requests::update(&parsed::id(id), &attributes)).to_vec()).await
        {
            result.expect("each is made");
        }
        let page =
            store.list(&tenant, &Filter::default(), after.as_ref(), 3).await.expect("the store answers");
        seen.extend(page.sessions.into_iter().map(|session| session.id.as_str().to_owned()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, IN_ORDER);
}

pub async fn sessions_that_stay_are_listed_once_while_others_come_and_go(store: &Arc<dyn Store>) {
    let ids = requests::ids(40);
    requests::create_all(&**store, &ids, "{}").await;
    let mut writing = JoinSet::new();
    for task in 0..2 {
        let (store, ids) = (store.clone(), ids.clone());
        writing.spawn(async move {
            for round in 0..40 {
                // Before, between and behind those that stay.
                let guests =
                    ["a", "session-0017 guest", "z"].map(|id| parsed::id(&format!("{id} {task} {round}")));
                requests::create_all(&*store, &guests, "{}").await;
                let command = |id| requests::update(id, &requests::one("round", round));
                for result in
                    store.execute(ids.iter().skip(round % 7).step_by(7).map(command).collect()).await
                {
                    result.expect("each is made");
                }
                for result in store.execute(guests.iter().map(requests::deletion).collect()).await {
                    result.expect("each is erased");
                }
            }
        });
    }
    let mut readings = 0;
    while readings < 3 || !writing.is_empty() {
        for limit in [3, 7, 100] {
            let listed = requests::list(&**store, &Filter::default(), None, limit).await;
            let stayed: Vec<_> =
                listed.into_iter().map(|session| session.id).filter(|id| ids.contains(id)).collect();
            assert_eq!(stayed, ids, "in pages of {limit}");
        }
        readings += 1;
        tokio::task::yield_now().await;
        while let Some(task) = writing.try_join_next() {
            task.expect("the writer has ended well");
        }
    }
}

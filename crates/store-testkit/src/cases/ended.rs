//! Sessions that ended, for whoever cleans up.

use std::sync::Arc;

use domain::{change::Existing, session::Id, store::Store, time::Timestamp};

use super::ask;
use crate::parsed;

/// The ids and revisions of sessions that had ended before a moment.
async fn ended(store: &Arc<dyn Store>, before: i64, limit: usize) -> Vec<(String, i64)> {
    let ended = store.ended(Timestamp::from_millis(before), limit).await.expect("the store answers");
    for (tenant, ..) in &ended {
        assert_eq!(tenant.as_str(), "default");
    }
    ended.into_iter().map(|(_, id, revision)| (id.as_str().to_owned(), revision.get())).collect()
}

fn told(sessions: &[(&str, i64)]) -> Vec<(String, i64)> {
    sessions.iter().map(|(id, revision)| ((*id).to_owned(), *revision)).collect()
}

async fn create(store: &Arc<dyn Store>, at: i64, id: &str, document: &str) -> Id {
    let id = parsed::id(id);
    ask::made(&**store, ask::at(at, ask::creation(&id, document))).await;
    id
}

pub async fn they_come_in_the_order_in_which_they_ended(store: &Arc<dyn Store>) {
    for id in ["a", "b", "c", "d", "e"] {
        create(store, 1, id, "{}").await;
    }
    for (at, id) in [(20, "d"), (30, "a"), (40, "c"), (50, "b")] {
        ask::made(&**store, ask::at(at, ask::end(&parsed::id(id)))).await;
    }
    let all = [("d", 2), ("a", 2), ("c", 2), ("b", 2)];
    assert_eq!(ended(store, 1000, 10).await, told(&all));
    for limit in 0..=4 {
        assert_eq!(ended(store, 1000, limit).await, told(&all[..limit]));
    }
    assert_eq!(ended(store, 1000, usize::MAX).await, told(&all));
}

pub async fn only_those_that_had_ended_before_come(store: &Arc<dyn Store>) {
    assert_eq!(ended(store, 1000, 10).await, []);
    for id in ["a", "b"] {
        create(store, 1, id, "{}").await;
    }
    ask::made(&**store, ask::at(20, ask::end(&parsed::id("a")))).await;
    ask::made(&**store, ask::at(30, ask::end(&parsed::id("b")))).await;
    assert_eq!(ended(store, 20, 10).await, []);
    assert_eq!(ended(store, 21, 10).await, told(&[("a", 2)]));
    assert_eq!(ended(store, 30, 10).await, told(&[("a", 2)]));
    assert_eq!(ended(store, 31, 10).await, told(&[("a", 2), ("b", 2)]));
}

pub async fn active_sessions_do_not_come(store: &Arc<dyn Store>) {
    create(store, 1, "a", "{}").await;
    let id = create(store, 1, "b", r#"{"isActive":true,"active":false}"#).await;
    ask::made(&**store, ask::at(2, ask::update(&id, &ask::one("a", 1)))).await;
    assert_eq!(ended(store, 1000, 10).await, []);
}

pub async fn deleted_sessions_do_not_come(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    ask::made(&**store, ask::at(2, ask::end(&id))).await;
    ask::made(&**store, ask::at(3, ask::deletion(&id))).await;
    assert_eq!(ended(store, 1000, 10).await, []);
    // The next session under its id has not ended.
    create(store, 4, "a", "{}").await;
    assert_eq!(ended(store, 1000, 10).await, []);
    ask::made(&**store, ask::at(5, ask::end(&id))).await;
    assert_eq!(ended(store, 5, 10).await, []);
    assert_eq!(ended(store, 6, 10).await, told(&[("a", 5)]));
}

pub async fn one_that_is_active_again_does_not_come(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    ask::made(&**store, ask::at(10, ask::end(&id))).await;
    ask::made(&**store, ask::at(20, ask::creation_or(Existing::Replace, &id, "{}"))).await;
    assert_eq!(ended(store, 1000, 10).await, []);
    // Its second end is the one that counts.
    ask::made(&**store, ask::at(30, ask::end(&id))).await;
    assert_eq!(ended(store, 30, 10).await, []);
    assert_eq!(ended(store, 31, 10).await, told(&[("a", 4)]));
}

pub async fn one_that_was_replaced_by_an_ended_one_comes(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    ask::made(&**store, ask::at(10, ask::creation_or(Existing::Replace, &id, r#"{"active":false}"#))).await;
    assert_eq!(ended(store, 10, 10).await, []);
    assert_eq!(ended(store, 11, 10).await, told(&[("a", 2)]));
}

pub async fn one_that_was_stored_as_ended_counts_from_then(store: &Arc<dyn Store>) {
    create(store, 10, "a", r#"{"isActive":false}"#).await;
    assert_eq!(ended(store, 10, 10).await, []);
    assert_eq!(ended(store, 11, 10).await, told(&[("a", 1)]));
}

pub async fn what_happens_to_an_ended_one_does_not_make_it_end_later(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    ask::made(&**store, ask::at(10, ask::end(&id))).await;
    // Remembered, and so written; yet it changes nothing.
    let kept = ask::under("r", ask::creation_or(Existing::Keep, &id, "{}"));
    ask::made(&**store, ask::at(20, kept)).await;
    assert_eq!(ended(store, 11, 10).await, told(&[("a", 2)]));
    let other = ask::creation_or(Existing::Replace, &id, r#"{"n":1,"isActive":false}"#);
    ask::made(&**store, ask::at(30, other)).await;
    assert_eq!(ended(store, 11, 10).await, told(&[("a", 3)]));
}

pub async fn in_one_call_the_end_counts_and_not_what_comes_behind_it(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    let other = ask::creation_or(Existing::Replace, &id, r#"{"n":1,"isActive":false}"#);
    let changes = [(5, ask::update(&id, &ask::one("a", 1))), (10, ask::end(&id)), (30, other)];
    for result in store.change(changes.map(|(at, change)| ask::at(at, change)).to_vec()).await {
        result.expect("each is made");
    }
    assert_eq!(ended(store, 10, 10).await, []);
    assert_eq!(ended(store, 11, 10).await, told(&[("a", 4)]));
    // Active again and ended again, in one call.
    let changes = [(40, ask::creation_or(Existing::Replace, &id, "{}")), (50, ask::end(&id))];
    for result in store.change(changes.map(|(at, change)| ask::at(at, change)).to_vec()).await {
        result.expect("each is made");
    }
    assert_eq!(ended(store, 50, 10).await, []);
    assert_eq!(ended(store, 51, 10).await, told(&[("a", 6)]));
}

pub async fn whoever_cleans_up_comes_to_an_end(store: &Arc<dyn Store>) {
    let ids = ask::ids(25);
    ask::create_all(&**store, &ids, "{}").await;
    for (at, id) in (10..).zip(&ids) {
        ask::made(&**store, ask::at(at, ask::end(id))).await;
    }
    let mut deleted = 0;
    loop {
        // Those of 10 to 29 go.
        let some = store.ended(Timestamp::from_millis(30), 7).await.expect("the store answers");
        if some.is_empty() {
            break;
        }
        let deletions =
            some.iter().map(|(_, id, revision)| ask::if_revision(&[revision.get()], ask::deletion(id)));
        for result in store.change(deletions.collect()).await {
            result.expect("it is still as it was");
            deleted += 1;
        }
        assert!(deleted <= ids.len(), "it comes to an end");
    }
    assert_eq!(deleted, 20);
    let left: Vec<_> = ids[20..].iter().map(|id| (id.as_str().to_owned(), 2)).collect();
    assert_eq!(ended(store, 1000, 100).await, left);
}

//! Sessions that ended, for the retention.

use std::sync::Arc;

use domain::{command::Existing, session::Id, store::Store, time::Timestamp};

use super::requests;
use crate::parsed;

/// The ids and revisions of sessions that had ended before a moment.
async fn ended(store: &Arc<dyn Store>, before: i64, limit: usize) -> Vec<(String, i64)> {
    let ended = store.ended(Timestamp::from_millis(before), limit).await.expect("the store answers");
    for (tenant, ..) in &ended {
        assert_eq!(tenant.as_str(), "default");
    }
    ended.into_iter().map(|(_, id, revision)| (id.as_str().to_owned(), revision.get())).collect()
}

fn expected(sessions: &[(&str, i64)]) -> Vec<(String, i64)> {
    sessions.iter().map(|(id, revision)| ((*id).to_owned(), *revision)).collect()
}

async fn create(store: &Arc<dyn Store>, at: i64, id: &str, document: &str) -> Id {
    let id = parsed::id(id);
    requests::made(&**store, requests::at(at, requests::creation(&id, document))).await;
    id
}

pub async fn they_come_in_the_order_in_which_they_ended(store: &Arc<dyn Store>) {
    for id in ["a", "b", "c", "d", "e"] {
        create(store, 1, id, "{}").await;
    }
    for (at, id) in [(20, "d"), (30, "a"), (40, "c"), (50, "b")] {
        requests::made(&**store, requests::at(at, requests::end(&parsed::id(id)))).await;
    }
    let all = [("d", 2), ("a", 2), ("c", 2), ("b", 2)];
    assert_eq!(ended(store, 1000, 10).await, expected(&all));
    for limit in 0..=4 {
        assert_eq!(ended(store, 1000, limit).await, expected(&all[..limit]));
    }
    assert_eq!(ended(store, 1000, usize::MAX).await, expected(&all));
}

pub async fn only_those_that_had_ended_before_come(store: &Arc<dyn Store>) {
    assert_eq!(ended(store, 1000, 10).await, []);
    for id in ["a", "b"] {
        create(store, 1, id, "{}").await;
    }
    requests::made(&**store, requests::at(20, requests::end(&parsed::id("a")))).await;
    requests::made(&**store, requests::at(30, requests::end(&parsed::id("b")))).await;
    assert_eq!(ended(store, 20, 10).await, []);
    assert_eq!(ended(store, 21, 10).await, expected(&[("a", 2)]));
    assert_eq!(ended(store, 30, 10).await, expected(&[("a", 2)]));
    assert_eq!(ended(store, 31, 10).await, expected(&[("a", 2), ("b", 2)]));
}

pub async fn active_sessions_do_not_come(store: &Arc<dyn Store>) {
    create(store, 1, "a", "{}").await;
    let id = create(store, 1, "b", r#"{"isActive":true,"active":false}"#).await;
    requests::made(&**store, requests::at(2, requests::update(&id, &requests::one("a", 1)))).await;
    assert_eq!(ended(store, 1000, 10).await, []);
}

pub async fn deleted_sessions_do_not_come(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    requests::made(&**store, requests::at(2, requests::end(&id))).await;
    requests::made(&**store, requests::at(3, requests::deletion(&id))).await;
    assert_eq!(ended(store, 1000, 10).await, []);
    // The next session under its id has not ended.
    create(store, 4, "a", "{}").await;
    assert_eq!(ended(store, 1000, 10).await, []);
    requests::made(&**store, requests::at(5, requests::end(&id))).await;
    assert_eq!(ended(store, 5, 10).await, []);
    assert_eq!(ended(store, 6, 10).await, expected(&[("a", 5)]));
}

pub async fn one_that_is_active_again_does_not_come(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    requests::made(&**store, requests::at(10, requests::end(&id))).await;
    requests::made(&**store, requests::at(20, requests::creation_or(Existing::Replace, &id, "{}"))).await;
    assert_eq!(ended(store, 1000, 10).await, []);
    // Its second end is the one that counts.
    requests::made(&**store, requests::at(30, requests::end(&id))).await;
    assert_eq!(ended(store, 30, 10).await, []);
    assert_eq!(ended(store, 31, 10).await, expected(&[("a", 4)]));
}

pub async fn one_that_was_replaced_by_an_ended_one_comes(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    requests::made(
        &**store,
        requests::at(10, requests::creation_or(Existing::Replace, &id, r#"{"active":false}"#)),
    )
    .await;
    assert_eq!(ended(store, 10, 10).await, []);
    assert_eq!(ended(store, 11, 10).await, expected(&[("a", 2)]));
}

pub async fn one_that_was_stored_as_ended_counts_from_then(store: &Arc<dyn Store>) {
    create(store, 10, "a", r#"{"isActive":false}"#).await;
    assert_eq!(ended(store, 10, 10).await, []);
    assert_eq!(ended(store, 11, 10).await, expected(&[("a", 1)]));
}

pub async fn what_happens_to_an_ended_one_does_not_make_it_end_later(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    requests::made(&**store, requests::at(10, requests::end(&id))).await;
    // Remembered, and so written; yet it changes nothing.
    let kept = requests::under("r", requests::creation_or(Existing::Keep, &id, "{}"));
    requests::made(&**store, requests::at(20, kept)).await;
    assert_eq!(ended(store, 11, 10).await, expected(&[("a", 2)]));
    let other = requests::creation_or(Existing::Replace, &id, r#"{"n":1,"isActive":false}"#);
    requests::made(&**store, requests::at(30, other)).await;
    assert_eq!(ended(store, 11, 10).await, expected(&[("a", 3)]));
}

pub async fn in_one_call_the_end_counts_and_not_what_comes_behind_it(store: &Arc<dyn Store>) {
    let id = create(store, 1, "a", "{}").await;
    let other = requests::creation_or(Existing::Replace, &id, r#"{"n":1,"isActive":false}"#);
    let commands =
        [(5, requests::update(&id, &requests::one("a", 1))), (10, requests::end(&id)), (30, other)];
    for result in store.execute(commands.map(|(at, command)| requests::at(at, command)).to_vec()).await {
        result.expect("each is made");
    }
    assert_eq!(ended(store, 10, 10).await, []);
    assert_eq!(ended(store, 11, 10).await, expected(&[("a", 4)]));
    // Active again and ended again, in one call.
    let commands = [(40, requests::creation_or(Existing::Replace, &id, "{}")), (50, requests::end(&id))];
    for result in store.execute(commands.map(|(at, command)| requests::at(at, command)).to_vec()).await {
        result.expect("each is made");
    }
    assert_eq!(ended(store, 50, 10).await, []);
    assert_eq!(ended(store, 51, 10).await, expected(&[("a", 6)]));
}

pub async fn whoever_cleans_up_comes_to_an_end(store: &Arc<dyn Store>) {
    let ids = requests::ids(25);
    requests::create_all(&**store, &ids, "{}").await;
    for (at, id) in (10..).zip(&ids) {
        requests::made(&**store, requests::at(at, requests::end(id))).await;
    }
    let mut deleted = 0;
    loop {
        // Those of 10 to 29 go.
        let some = store.ended(Timestamp::from_millis(30), 7).await.expect("the store answers");
        if some.is_empty() {
            break;
        }
        let deletions = some
            .iter()
            .map(|(_, id, revision)| requests::if_revision(&[revision.get()], requests::deletion(id)));
        for result in store.execute(deletions.collect()).await {
            result.expect("it is still as it was");
            deleted += 1;
        }
        assert!(deleted <= ids.len(), "it comes to an end");
    }
    assert_eq!(deleted, 20);
    let left: Vec<_> = ids[20..].iter().map(|id| (id.as_str().to_owned(), 2)).collect();
    assert_eq!(ended(store, 1000, 100).await, left);
}

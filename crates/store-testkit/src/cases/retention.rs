//! Events that are not kept any longer, and readers that come too late for them.

use std::{sync::Arc, time::Duration};

use domain::{
    Error,
    event::{Event, Position, Scope},
    session::{Id, TenantId},
    store::{Expired, Store},
    time::Timestamp,
};

use tokio::{task::JoinSet, time::timeout};

use super::{reader::Reader, requests};

async fn expire(store: &Arc<dyn Store>, before: i64, limit: usize) -> usize {
    let deleted = store.expire(Expired::Events(Timestamp::from_millis(before)), limit).await;
    let deleted = deleted.expect("the store answers");
    assert!(deleted <= limit, "{deleted} in a step of {limit}");
    deleted
}

/// Expires events in steps until so many events are gone, and no more. A store may have to wait for others that it cannot look
/// into before it has something to do.
pub(super) async fn all_go(store: &Arc<dyn Store>, before: i64, count: usize) {
    let expiry = async {
        let mut deleted = 0;
        while deleted < count {
            deleted += expire(store, before, 3).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(deleted, count);
        assert_eq!(expire(store, before, 3).await, 0);
    };
    timeout(Duration::from_secs(60), expiry).await.expect("what has expired goes");
}

/// A session with ten revisions, each at ten times its number, and the positions from before the first to behind the
/// last.
async fn ten(store: &Arc<dyn Store>, id: &Id) -> Vec<Position> {
    let mut positions = vec![store.position().await.expect("the store answers")];
    requests::made(&**store, requests::at(10, requests::creation(id, r#"{"conversationId":"c"}"#))).await;
    positions.push(store.position().await.expect("the store answers"));
    for revision in 2..=10 {
        requests::made(
            &**store,
            requests::at(revision * 10, requests::update(id, &requests::one("a", revision))),
        )
        .await;
        positions.push(store.position().await.expect("the store answers"));
    }
    positions
}

async fn is_expired(store: &Arc<dyn Store>, at: &Position) {
    for scope in [Scope::All, Scope::Session(requests::ids(1).remove(0)), Scope::Conversation("c".to_owned())]
    {
        let expired = store.events(&TenantId::only(), &scope, at, None, 10).await;
        assert!(matches!(expired, Err(Error::PositionExpired)), "{scope:?}: {expired:?}");
    }
}

/// The revisions in a session's history, newest first.
async fn history(store: &Arc<dyn Store>, id: &Id) -> Vec<i64> {
    revisions(&requests::history(&**store, id).await)
}

fn revisions(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.revision.get()).collect()
}

pub async fn where_nothing_has_expired_nothing_goes(store: &Arc<dyn Store>) {
    assert_eq!(expire(store, 1000, 10).await, 0);
    let id = requests::ids(1).remove(0);
    let positions = ten(store, &id).await;
    assert_eq!(expire(store, 10, 100).await, 0);
    assert_eq!(Reader::from(store, Scope::All, positions[0].clone()).events().await.len(), 10);
}

pub async fn a_reader_from_before_what_is_gone_is_told_so(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    let positions = ten(store, &id).await;
    all_go(store, 45, 4).await;
    for at in &positions[..4] {
        is_expired(store, at).await;
    }
}

pub async fn a_reader_behind_what_is_gone_has_no_gap(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    let positions = ten(store, &id).await;
    all_go(store, 45, 4).await;
    for (revision, at) in positions.iter().enumerate().skip(4) {
        for scope in [Scope::All, Scope::Session(id.clone())] {
            // Whether anything behind it is gone, a store need not know to the event.
            match store.events(&TenantId::only(), &scope, at, None, 100).await {
                Err(error) => assert!(matches!(error, Error::PositionExpired), "{error:?}"),
                Ok(_) => {
                    let events = Reader::from(store, scope, at.clone()).limited(3).events().await;
                    assert_eq!(revisions(&events), (revision as i64 + 1..=10).collect::<Vec<_>>());
                }
            }
        }
    }
}

pub async fn a_reader_that_comes_then_goes_on(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    ten(store, &id).await;
    all_go(store, 45, 4).await;
    let mut reader = Reader::from_now(store, Scope::All).await;
    for revision in 11..14 {
        requests::made(&**store, requests::at(200, requests::update(&id, &requests::one("a", revision))))
            .await;
        assert_eq!(revisions(&reader.events().await), [revision]);
    }
}

pub async fn a_reader_on_its_way_is_told_when_it_falls_behind(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    let positions = ten(store, &id).await;
    let mut reader = Reader::from(store, Scope::All, positions[0].clone()).limited(2);
    let mut heard = Vec::new();
    assert!(!reader.page(None, &mut heard).await, "there is more");
    let at_two = reader.at.clone();
    all_go(store, 65, 6).await;
    is_expired(store, &at_two).await;
}

pub async fn an_event_that_is_just_as_old_as_is_kept_stays(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    let positions = ten(store, &id).await;
    all_go(store, 50, 4).await;
    assert_eq!(history(store, &id).await, [10, 9, 8, 7, 6, 5]);
    all_go(store, 51, 1).await;
    assert_eq!(history(store, &id).await, [10, 9, 8, 7, 6]);
    is_expired(store, &positions[4]).await;
}

pub async fn it_goes_in_steps_of_any_size(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    ten(store, &id).await;
    assert_eq!(expire(store, 75, 0).await, 0);
    assert_eq!(history(store, &id).await.len(), 10);
    all_go(store, 75, 7).await;
    assert_eq!(history(store, &id).await, [10, 9, 8]);
    let mut left = 3;
    while left > 0 {
        left -= expire(store, 1000, usize::MAX).await;
        assert_eq!(history(store, &id).await.len(), left);
    }
}

pub async fn the_session_stays_as_it_is_and_goes_on(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    ten(store, &id).await;
    let stored = requests::stored(&**store, &id).await;
    all_go(store, i64::MAX, 10).await;
    assert_eq!(requests::stored(&**store, &id).await, stored);
    let mut reader = Reader::of(store, &id).await;
    assert_eq!(
        requests::made(&**store, requests::update(&id, &requests::one("a", "true"))).await.revision.get(),
        11
    );
    assert_eq!(revisions(&reader.events().await), [11]);
}

pub async fn a_deletions_event_goes_in_its_time_and_the_revision_stays(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    ten(store, &id).await;
    requests::made(&**store, requests::at(500, requests::deletion(&id))).await;
    assert_eq!(expire(store, 500, 100).await, 0, "the deletion has erased all before it");
    all_go(store, 501, 1).await;
    assert_eq!(history(store, &id).await, [0; 0]);
    assert_eq!(requests::made(&**store, requests::creation(&id, "{}")).await.revision.get(), 12);
}

pub async fn what_a_deletion_erased_makes_no_reader_late(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    let positions = ten(store, &id).await;
    requests::made(&**store, requests::deletion(&id)).await;
    for at in positions {
        assert_eq!(revisions(&Reader::from(store, Scope::All, at).events().await), [11]);
    }
}

pub async fn request_ids_that_go_make_no_reader_late(store: &Arc<dyn Store>) {
    let id = requests::ids(1).remove(0);
    let positions = ten(store, &id).await;
    requests::made(&**store, requests::under("r", requests::update(&id, &requests::one("a", "true")))).await;
    let deleted = store.expire(Expired::IdempotencyRecords(Timestamp::from_millis(i64::MAX)), 100).await;
    assert_eq!(deleted.expect("the store answers"), 1);
    assert_eq!(Reader::from(store, Scope::All, positions[0].clone()).events().await.len(), 11);
}

pub async fn it_goes_on_beside_writers(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, "{}").await;
    for round in 0..20 {
        for id in &ids {
            requests::made(&**store, requests::at(round, requests::update(id, &requests::one("old", round))))
                .await;
        }
    }
    let mut writing = JoinSet::new();
    for id in ids.clone() {
        let store = store.clone();
        writing.spawn(async move {
            for round in 20..50 {
                requests::made(
                    &*store,
                    requests::at(round, requests::update(&id, &requests::one("new", round))),
                )
                .await;
                tokio::task::yield_now().await;
            }
        });
    }
    let mut deleted = 0;
    while !writing.is_empty() {
        deleted += expire(store, 20, 5).await;
        while let Some(writer) = writing.try_join_next() {
            writer.expect("the writer has ended well");
        }
        tokio::task::yield_now().await;
    }
    // Of each, its creation, and what happened from 0 to 19.
    all_go(store, 20, 63 - deleted).await;
    for id in &ids {
        assert_eq!(history(store, id).await, (22..=51).rev().collect::<Vec<_>>());
    }
}

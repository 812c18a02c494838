//! Checkpoints, and the end.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use domain::{
    Error, Outcome,
    event::Scope,
    list::Filter,
    session::TenantId,
    store::{Expired, Store},
    time::Timestamp,
};

use super::requests;

pub async fn an_open_store_answers_reads_writes_and_watches(store: &Arc<dyn Store>) {
    for _ in 0..2 {
        let health = store.health().await;
        assert!(health.is_ready(), "{health}");
    }
}

pub async fn looking_after_its_health_tells_no_event(store: &Arc<dyn Store>) {
    let before = store.position().await.expect("the store answers");
    assert!(store.health().await.is_ready());
    // Positions themselves may differ: other databases of a PostgreSQL server move them too.
    let answered = store.events(&TenantId::only(), &Scope::All, &before, None, 10).await;
    assert_eq!(answered.expect("the store answers").events, []);
}

pub async fn its_clock_goes_on(store: &Arc<dyn Store>) {
    let here = Timestamp::from(SystemTime::now());
    let first = store.now().await.expect("the store answers");
    let second = store.now().await.expect("the store answers");
    assert!(first <= second, "{first:?} {second:?}");
    // On this machine there is one clock for all.
    assert!((first.millis() - here.millis()).abs() < 60_000, "{first:?} {here:?}");
}

pub async fn a_closed_store_refuses_everything_as_unavailable(store: &Arc<dyn Store>) {
    let ids = requests::ids(2);
    let (start, now) = (store.position().await.expect("the store answers"), Timestamp::from_millis(1));
    requests::create_all(&**store, &ids, "{}").await;
    store.close().await;

    let tenant = TenantId::only();
    let all = Filter::default();
    let mut errors = Vec::new();
    let commands = [
        requests::update(&ids[0], "[]"),
        requests::creation(&ids[1], "{}"),
        requests::end(&ids[0]),
        requests::deletion(&ids[1]),
    ];
    errors.extend(store.execute(commands.to_vec()).await.into_iter().map(Result::err));
    errors.extend(store.get(&tenant, ids.clone()).await.into_iter().map(Result::err));
    assert_eq!(errors.len(), 6);
    errors.push(store.list(&tenant, &all, None, 10).await.err());
    errors.push(store.history(&tenant, &ids[0], None, None, 10).await.err());
    errors.push(store.position().await.err());
    errors.push(store.events(&tenant, &Scope::All, &start, None, 10).await.err());
    errors.push(store.expire(Expired::Events(now), 10).await.err());
    errors.push(store.expire(Expired::IdempotencyRecords(now), 10).await.err());
    errors.push(store.ended(now, 10).await.err());
    errors.push(store.now().await.err());
    let health = store.health().await;
    assert!(health.reads.is_err() && health.writes.is_err() && health.watches.is_err(), "{health}");
    for error in errors {
        let unavailable = matches!(error, Some(Error::StoreUnavailable { outcome: Outcome::NotApplied, .. }));
        assert!(unavailable, "{error:?}");
    }
}

pub async fn closing_waits_for_what_is_under_way(store: &Arc<dyn Store>) {
    let ids = requests::ids(300);
    let writing = tokio::spawn({
        let (store, items) = (store.clone(), ids.iter().map(|id| requests::creation(id, "{}")).collect());
        async move { store.execute(items).await }
    });
    tokio::task::yield_now().await;
    tokio::time::timeout(Duration::from_secs(60), store.close()).await.expect("closing ends");
    // Whether it came before the end or after it, the write has been made or refused, never left open.
    for result in writing.await.expect("the write ends") {
        match result {
            Ok(created) => assert_eq!(created.revision.get(), 1),
            Err(error) => {
                assert!(
                    matches!(error, Error::StoreUnavailable { outcome: Outcome::NotApplied, .. }),
                    "{error:?}"
                );
            }
        }
    }
}

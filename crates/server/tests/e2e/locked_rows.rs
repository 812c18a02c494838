//! Rows that somebody else's transaction has locked: updates of those wait for their deadlines, and nobody else waits.

use std::time::{Duration, Instant};

use crate::support::{
    Caller, Service, Store,
    caller::set,
    latency::Latencies,
    lock::Lock,
    timeout::{until, within},
};

const LOCKED: [&str; 5] = ["l0", "l1", "l2", "l3", "l4"];

const OTHERS: [&str; 16] =
    ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "sa", "sb", "sc", "sd", "se", "sf"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_of_other_sessions_go_on_and_reads_too() {
    let service = Service::start(Store::Postgres).await;
    for id in LOCKED.iter().chain(&OTHERS) {
        service.create(id, "{}").await;
    }
    let grpc = service.grpc().await;
    let before = Latencies::of_a_while(&service.rest(), &OTHERS).await;
    let lock = Lock::take(&service.database_url(), &LOCKED).await;
    // Callers who send again and again what cannot be done.
    let blocked: Vec<_> = LOCKED
        .into_iter()
        .flat_map(|id| std::iter::repeat_n(id, 4))
        .map(|id| {
            let caller = Caller::Grpc(grpc.clone());
            tokio::spawn(async move { caller.ask(&set(id, "n", "Number", 1)).await })
        })
        .collect();
    let begun = Instant::now();
    before.compare(&Latencies::of_a_while(&service.rest(), &OTHERS).await);
    // They have not waited for the lock's end: it is still there, and so are those who wait for it.
    assert!(blocked.iter().all(|blocked| !blocked.is_finished()), "after {:?}", begun.elapsed());
    for id in LOCKED {
        assert_eq!(service.rest().get(id).await.revision(), 1);
    }
    lock.release().await;
    for answer in blocked {
        let answer = within("an update that was blocked", answer).await.unwrap();
        assert!(matches!(answer, Some(Ok(_))), "{answer:?}");
    }
}

/// Four callers' updates of each are in order and all there, also where the lock comes and goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_longer_than_the_deadline_is_told_so_and_the_session_works_again() {
    let service =
        Service::with(Store::Postgres, crate::support::Front::Combined, &["--request-timeout", "1s"]).await;
    service.create("x", "{}").await;
    let caller = Caller::Grpc(service.grpc().await);
    let lock = Lock::take(&service.database_url(), &["x"]).await;
    let answer = caller.ask(&set("x", "n", "Number", 1)).await;
    let Some(Err(failure)) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.reason, "DEADLINE_EXCEEDED");
    lock.release().await;
    until("a session that can be written", async || {
        matches!(caller.ask(&set("x", "n", "Number", 2)).await, Some(Ok(_)))
    })
    .await;
    tokio::time::timeout(Duration::from_secs(60), caller.update(&set("x", "n", "Number", 3)))
        .await
        .unwrap()
        .unwrap();
}

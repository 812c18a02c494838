//! A gateway alone whose way to the service fails.

use std::time::{Duration, Instant};

use crate::support::{
    Front, Rest, Service, Store, on_both_stores, process::Process, silence::Silence, timeout::until,
};

on_both_stores!(a_connection_that_goes_silent_is_given_up);

const ID: &str = "64e2f08a6155b317cd3f88fd";
const ONE: &str = r#"[{"key":"name","type":"Number","value":1}]"#;

/// Far less than calls may take here, and more than it takes to notice.
const SOON: Duration = Duration::from_secs(20);

async fn a_connection_that_goes_silent_is_given_up(store: Store) {
    let service = Service::start(store).await;
    let proxy = Silence::before(service.server.address("grpc")).await;
    let address = proxy.address().to_string();
    let addresses = ["--grpc-addr", &address, "--http-addr", "127.0.0.1:0", "--lame-duck", "0s"];
    let gateway = Process::start(&[&["gateway", "--request-timeout", "5m"], &addresses[..]].concat());
    let rest = Rest::new(gateway.address("http"));
    for round in 0..3 {
        assert_eq!(rest.update(ID, ONE).await.status, 200, "{round}");
        proxy.fall();
        let begun = Instant::now();
        let (write, read) = tokio::join!(rest.update(ID, ONE), rest.get(ID));
        assert!(begun.elapsed() < SOON, "{round}: {:?}", begun.elapsed());
        // The write may have been made; a read has no outcome.
        assert_eq!((write.status.as_u16(), write.failure().outcome_unknown), (503, true), "{write:?}");
        assert_eq!((read.status.as_u16(), read.failure().outcome_unknown), (503, false), "{read:?}");
        // There is another connection at once.
        assert_eq!(rest.update(ID, ONE).await.status, 200, "{round}");
        assert!(rest.is_ready().await, "{round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_follows_a_silent_connection() {
    let service = Service::start(Store::Sqlite).await;
    let proxy = Silence::before(service.server.address("grpc")).await;
    let address = proxy.address().to_string();
    let addresses = ["--grpc-addr", &address, "--http-addr", "127.0.0.1:0", "--lame-duck", "0s"];
    let gateway = Process::start(&[&["gateway", "--request-timeout", "5m"], &addresses[..]].concat());
    let rest = Rest::new(gateway.address("http"));
    assert!(rest.is_ready().await);
    proxy.fall();
    let begun = Instant::now();
    assert!(!rest.is_ready().await);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    until("ready", async || rest.is_ready().await).await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// What was never sent was not made, and is not answered as if it might have been.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_finds_no_service_was_not_made() {
    let mut service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let rest = service.rest();
    assert_eq!(rest.update(ID, ONE).await.status, 200);
    service.kill_server();
    until("the end is noticed", async || !rest.is_ready().await).await;
    let calls = (0..20).map(|_| rest.update(ID, ONE));
    for answer in futures_util::future::join_all(calls).await {
        let failure = answer.failure();
        assert_eq!((answer.status.as_u16(), failure.outcome_unknown), (503, false), "{failure:?}");
    }
}

//! What a peer can fill, or leave full, has a bound: the process stays within the memory of a small machine, and a good
//! caller is served meanwhile.

mod answers;
mod requests;

use std::time::{Duration, Instant};

use crate::support::{Rest, Service, Store};

/// What the process may take under each attack, in bytes.
const MAX_MEMORY: u64 = 350 << 20;

/// A good caller's update takes less, whatever others do. In a debug build, on a machine that does much else; the
/// measurement of latencies is the benchmark's.
const MAX_LATENCY: Duration = Duration::from_secs(5);

/// Has something done while a good caller updates a session of its own again and again. Each of its updates is made in
/// time, if need be at a second attempt.
async fn beside_a_good_caller<T>(service: &Service, attack: impl Future<Output = T>) -> T {
    service.create("good", "{}").await;
    let (caller, done) = (service.rest(), tokio_util::sync::CancellationToken::new());
    let good = tokio::spawn(good_caller(caller, done.clone()));
    let result = attack.await;
    done.cancel();
    let slowest = good.await.unwrap();
    eprintln!("slowest good update: {slowest:?}; memory: {} MB", service.server.peak_memory() >> 20);
    assert!(slowest < MAX_LATENCY, "{slowest:?}");
    let peak = service.server.peak_memory();
    assert!(peak < MAX_MEMORY, "{} MB", peak >> 20);
    result
}

async fn good_caller(rest: Rest, done: tokio_util::sync::CancellationToken) -> Duration {
    let mut slowest = Duration::ZERO;
    let mut count = 0;
    while !done.is_cancelled() || count == 0 {
        count += 1;
        let since = Instant::now();
        let body = format!(r#"[{{"key":"n","type":"Number","value":{count}}}]"#);
        loop {
            let answer = rest.update("good", body.clone()).await;
            if answer.status.is_success() {
                break;
            }
            assert_eq!(answer.failure().reason, "OVERLOADED");
        }
        slowest = slowest.max(since.elapsed());
    }
    slowest
}

/// A session whose document takes two megabytes.
async fn create_large(service: &Service, id: &str) {
    let document =
        format!(r#"{{"text":"{}","channelData":{{"additionalAttributes":[]}}}}"#, "x".repeat(2_000_000));
    service.create(id, &document).await;
}

/// The service with limits on time that a test can wait for.
async fn service(store: Store) -> Service {
    let flags = ["--body-timeout", "3s", "--answer-timeout", "3s"];
    Service::with(store, crate::support::Front::Combined, &flags).await
}

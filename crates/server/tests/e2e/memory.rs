//! What a peer can fill, or leave full, has a bound: the process stays within the memory of a small machine, and a good
//! caller is served meanwhile.

mod answers;
mod lists;
mod requests;
mod together;
mod watches;

use std::time::{Duration, Instant};

use crate::support::{Front, Service, Store, latency::Latencies, size::short_or_full};

/// What the process may take under each attack, in bytes, beside its program: less than deploy/README.md has operators reckon with,
/// which is 480 MB.
const MAX_MEMORY: u64 = 350 << 20;

/// Has something done, in full again and again for a while, beside a good caller who updates a session of its own.
async fn beside_a_good_caller<T>(service: &Service, attack: impl AsyncFn() -> T) -> T {
    service.create("good", "{}").await;
    let before = Latencies::of_a_while(&service.rest(), &["good"]).await;
    let attacks = async {
        let begun = Instant::now();
        loop {
            let result = attack().await;
            if begun.elapsed() >= short_or_full(Duration::ZERO, Duration::from_secs(10)) {
                return result;
            }
        }
    };
    let result = before.beside(service.rest(), "good", attacks).await;
    let peak = service.server.peak_memory();
    eprintln!("memory: {} MB", peak >> 20);
    assert!(peak < MAX_MEMORY, "{} MB", peak >> 20);
    result
}

/// A session whose document takes two megabytes.
async fn create_large(service: &Service, id: &str) {
    let document =
        format!(r#"{{"text":"{}","channelData":{{"additionalAttributes":[]}}}}"#, "x".repeat(2_000_000));
    service.create(id, &document).await;
}

/// The service as it comes; where the test is short, with limits on time that it can wait for.
async fn service(store: Store) -> Service {
    let flags = ["--body-timeout", "3s", "--answer-timeout", "3s"];
    Service::with(store, Front::Combined, short_or_full(&flags, &[])).await
}

//! Watches of what is large and changes all the time.

use std::fmt::Write;

use http::Method;

use super::{beside_a_good_caller, create_large, service};
use crate::support::{
    Store, on_both_stores,
    size::short_or_full,
    watch::{Watch, session},
};

/// What it may take, in bytes: less than where all that is new were read at once.
const MAX_WATCH_MEMORY: u64 = 250 << 20;

on_both_stores!(a_watch_of_a_large_session_that_changes_all_the_time);

/// Each of its events has two megabytes of document.
async fn a_watch_of_a_large_session_that_changes_all_the_time(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let client = service.grpc().await;
    let mut watch = Watch::start(&client, session("large")).await;
    // A change takes PostgreSQL much longer.
    let (changes, batches) = if store == Store::Sqlite { (180, short_or_full(1, 4)) } else { (20, 1) };
    let mut number = 0;
    let mut batch = || {
        let mut requests = String::new();
        for _ in 0..changes {
            number += 1;
            write!(
                requests,
                r#",{{"channelSessionId":"large","view":"CHANNEL_SESSION_VIEW_BASIC",
                     "attributes":[{{"key":"k","type":"Number","value":{number}}}]}}"#
            )
            .unwrap();
        }
        format!(r#"{{"requests":[{}]}}"#, &requests[1..])
    };
    let batches: Vec<_> = (0..batches).map(|_| batch()).collect();
    let last = changes * i64::try_from(batches.len()).unwrap() + 1;
    let all = async || {
        for batch in &batches {
            let json = [("content-type", "application/json")];
            let answer = service.rest().send(Method::POST, "/batch-update-data", batch.clone(), &json).await;
            assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        }
    };
    let reader = tokio::spawn(async move { while watch.next().await.revision < last {} });
    beside_a_good_caller(&service, all).await;
    reader.await.unwrap();
    let peak = service.server.peak_memory();
    assert!(peak < MAX_WATCH_MEMORY, "{} MB", peak >> 20);
}

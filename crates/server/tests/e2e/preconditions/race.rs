//! Callers that require the same of one session at the same time.

use std::sync::Arc;

use tokio::sync::Barrier;

use crate::support::{
    Caller, Rest, Service, Store,
    caller::{expect, set},
    document::value_of,
    json, on_both_stores,
    service::connect,
};

on_both_stores!(of_callers_that_race_one_wins);

async fn of_callers_that_race_one_wins(store: Store) {
    const CALLERS: usize = 8;
    const ROUNDS: usize = 10;
    let service = Service::start(store).await;
    let other = service.another(&[]);
    service
        .create("x", r#"{"channelData":{"additionalAttributes":[{"key":"n","type":"Number","value":0}]}}"#)
        .await;
    // All have read before anybody writes, at first.
    let start = Arc::new(Barrier::new(CALLERS));
    // Each caller counts one further than it has read, by whichever of the two it requires, until it has done so often
    // enough: if two of them won with the same number, the count would fall short.
    let callers: Vec<_> = (0..CALLERS)
        .map(|at| {
            let address = [&service.server, &other][at / 2 % 2].address("grpc");
            let rest = Rest::new([&service.server, &other][at % 2].address("http"));
            let start = start.clone();
            tokio::spawn(async move {
                let caller = if at % 2 == 0 {
                    Caller::Grpc(connect(address).await)
                } else {
                    Caller::Rest(rest.clone())
                };
                let (mut won, mut lost) = (0, 0);
                while won < ROUNDS {
                    let read = rest.get("x").await;
                    let count = value_of(&json(read.document()), "n");
                    let mut update = set("x", "n", "Number", count.parse::<usize>().unwrap() + 1);
                    if at < CALLERS / 2 {
                        update.etag = read.headers["etag"].to_str().unwrap().to_owned();
                    } else {
                        update.preconditions = vec![expect("n", &count)];
                    }
                    if won + lost == 0 {
                        start.wait().await;
                    }
                    match caller.update(&update).await {
                        Ok(_) => won += 1,
                        Err(failure) => {
                            assert!(failure.reason.ends_with("_MISMATCH"), "{failure:?}");
                            let present = failure.mismatch.unwrap();
                            assert!(present.revision > read.revision(), "{present:?}");
                            lost += 1;
                        }
                    }
                }
                lost
            })
        })
        .collect();
    let mut lost = 0;
    for caller in callers {
        lost += caller.await.unwrap();
    }
    assert!(lost >= CALLERS - 1, "only {lost} have lost");
    let answer = service.rest().get("x").await;
    assert_eq!(value_of(&json(answer.document()), "n"), (CALLERS * ROUNDS).to_string());
    assert_eq!(answer.revision(), 1 + i64::try_from(CALLERS * ROUNDS).unwrap());
}

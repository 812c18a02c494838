//! What there is no room for is refused at once, with the time to come back, and is never made. What had room is made.

use http::StatusCode;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{
    Answered, Caller, Client, Failure, Front, Ledger, Lock, Service, Store,
    batch::in_a_batch,
    caller::{Session, set},
    ledger::new_value,
    timeout::within,
};

/// Asks for an update over each transport, while there is no room for it.
async fn is_refused(service: &Service, id: &str, ledger: &mut Ledger) {
    let value = new_value();
    let status = service.grpc().await.update_data(set(id, "n", "Number", value)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let delay = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert_eq!(delay.as_secs(), 1);
    let over_grpc = Failure::from_status(&status);
    ledger.enter(id, value, Answered::by(Some(Err(over_grpc.clone()))));

    let value = new_value();
    let body = format!(r#"[{{"key":"n","type":"Number","value":{value}}}]"#);
    let answer = service.rest().update(id, body).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.failure(), over_grpc);
    assert_eq!((&*over_grpc.reason, over_grpc.outcome_unknown), ("OVERLOADED", false));
    ledger.enter(id, value, Answered::by(Some(Err(over_grpc))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_allowed_are_refused() {
    let service = Service::with(Store::Postgres, Front::Combined, &["--max-concurrent-requests", "2"]).await;
    let ids = ["x", "y"].map(str::to_owned);
    for id in &ids {
        service.create(id, "{}").await;
    }
    let mut ledger = Ledger::default();
    let mut lock = Lock::take(&service.database_url(), &["x", "y"]).await;
    let mut waiting = Vec::new();
    for (id, caller, count) in
        [("x", Caller::Rest(service.rest()), 1), ("y", Caller::Grpc(service.grpc().await), 2)]
    {
        let value = new_value();
        let update = async move { caller.ask(&set(id, "n", "Number", value)).await };
        waiting.push((id, value, tokio::spawn(update)));
        lock.is_waited_for_by(count).await;
    }

    is_refused(&service, "x", &mut ledger).await;
    // Probes are answered all the same.
    assert!(service.rest().is_ready().await);

    lock.release().await;
    for (id, value, waiting) in waiting {
        ledger.enter(id, value, Answered::by(waiting.await.unwrap()));
    }
    assert_eq!(ledger.count(|answered| matches!(answered, Answered::Made(2))), 2, "{ledger}");
    ledger.is_kept(&service.grpc().await, &ids).await;
}

/// Calls that are let in wait for the database together. There is room for so many updates of one session: the others' room
/// is not theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_updates_than_can_wait_for_a_session_are_refused() {
    // What has room waits for as long as it takes to fill what is left.
    let service = Service::with(Store::Postgres, Front::Combined, &["--request-timeout", "60s"]).await;
    let ids = ["x", "y"].map(str::to_owned);
    for id in &ids {
        service.create(id, "{}").await;
    }
    let grpc = service.grpc().await;
    let mut ledger = Ledger::default();
    let lock = Lock::take(&service.database_url(), &["x"]).await;
    let mut waiting = JoinSet::new();
    // One batch more than there is room for is refused, and what room is left then is filled with smaller ones.
    for size in [1000, 100, 10, 1] {
        for _ in 0..20 {
            waiting.spawn(update(grpc.clone(), size));
        }
        let refused = async {
            loop {
                let became = waiting.join_next().await.unwrap().unwrap();
                let was_last = became.len() == size;
                for (value, became) in became {
                    assert_eq!(became.as_ref().unwrap_err().reason, "OVERLOADED");
                    ledger.enter("x", value, Answered::by(Some(became)));
                }
                if was_last {
                    return;
                }
            }
        };
        within("a refusal", refused).await;
    }

    is_refused(&service, "x", &mut ledger).await;
    // Others have theirs.
    let (value, caller) = (new_value(), Caller::Grpc(grpc.clone()));
    let became = caller.ask(&set("y", "n", "Number", value)).await;
    ledger.enter("y", value, Answered::by(became));
    // What waits for nothing is answered all the same.
    assert_eq!(service.rest().get("x").await.revision(), 1);
    assert!(service.rest().is_ready().await);

    lock.release().await;
    for (value, became) in waiting.join_all().await.into_iter().flatten() {
        ledger.enter("x", value, Answered::by(Some(became)));
    }
    println!("{ledger}");
    assert!(ledger.count(|answered| matches!(answered, Answered::Made(_))) > 1000, "{ledger}");
    ledger.is_kept(&grpc, &ids).await;
}

/// Makes as many updates of one session in one call, and gives their values and what became of them.
async fn update(client: Client, count: usize) -> Vec<(u64, Result<Session, Failure>)> {
    let values: Vec<_> = (0..count).map(|_| new_value()).collect();
    let requests = values.iter().map(|value| set("x", "n", "Number", value)).collect();
    let became = in_a_batch(&client, requests).await.into_iter().map(|it| it.map(|(session, _)| session));
    values.into_iter().zip(became).collect()
}

//! What single tenants may: rules and quotas of the tenants file, and how a call over them is answered.

use std::{fs, time::Duration};

use channel_session_api::v1::{StreamUpdateDataRequest, update_data_result::Result as Outcome};
use futures_util::stream;
use http::Method;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Tenants, key};
use crate::support::{
    Failure, Front, Lock, Store,
    caller::set,
    on_both_stores,
    rest::Answer,
    timeout::{until, within},
};

on_both_stores!(a_batch_is_let_in_whole_and_what_comes_then_is_told_when_to_come_back);

/// Two tenants, and what the file says of the first.
async fn start(store: Store, front: Front, blue: Value) -> (Tenants, std::path::PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenants.json");
    write(&file, blue);
    let flags = ["--tenants-file", file.to_str().unwrap()];
    (Tenants::start(store, front, &["blue", "green"], &flags).await, file, folder)
}

fn write(file: &std::path::Path, mut blue: Value) {
    blue["name"] = json!("blue");
    fs::write(file, json!({ "tenants": [blue] }).to_string()).unwrap();
}

async fn rest(tenants: &Tenants, tenant: &str, method: Method, path: &str, body: &str) -> Answer {
    let key = format!("Bearer {}", key(tenant));
    let headers = [("content-type", "application/json"), ("authorization", &*key)];
    tenants.service.rest().send(method, path, body.to_owned(), &headers).await
}

/// When a caller is asked to come back, in seconds.
fn retry_after(status: &Status) -> u64 {
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(Failure::from_status(status).reason, "OVERLOADED");
    status.get_details_retry_info().unwrap().retry_delay.unwrap().as_secs()
}

/// A batch counts as its updates, once, through whichever gateway it comes; its tenant pays for it later, and no other.
async fn a_batch_is_let_in_whole_and_what_comes_then_is_told_when_to_come_back(store: Store) {
    for front in [Front::Combined, Front::Alone] {
        let (tenants, file, _folder) = start(store, front, json!({ "callsPerSecond": 2 })).await;
        let (blue, green) = (tenants.caller("blue").await, tenants.caller("green").await);
        let updates = vec![json!({ "channelSessionId": "x", "attributes": [] }); 600];
        let batch = json!({ "requests": updates }).to_string();
        let made = rest(&tenants, "blue", Method::POST, "/batch-update-data", &batch).await;
        assert_eq!(made.status.as_u16(), 200, "{made:?}");

        let over_grpc = blue.update(set("x", "n", "Number", 1)).await.unwrap_err();
        assert!((150..300).contains(&retry_after(&over_grpc)), "{}", retry_after(&over_grpc));
        let over_rest = rest(&tenants, "blue", Method::GET, "/channel-sessions/x", "").await;
        assert_eq!(over_rest.status.as_u16(), 429);
        let seconds: u64 = over_rest.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((150..=300).contains(&seconds), "{seconds}");
        assert_eq!(over_rest.failure(), Failure::from_status(&over_grpc));
        assert!(over_grpc.message().contains("a second"), "{}", over_grpc.message());

        // Nobody else is held back, and neither are probes.
        green.create("x").await;
        assert_eq!(green.update(set("x", "n", "Number", 1)).await.unwrap(), 2);
        assert!(tenants.service.rest().is_ready().await);
        let line = tenants.service.server.says("a call was refused");
        assert_eq!((&line["tenant"], &line["requester"]), (&json!("blue"), &json!("blue")));

        // What is wrong changes nothing; what is right holds at once.
        fs::write(&file, r#"{"tenants": [{"name": "blue", "callPerSecond": 1}]}"#).unwrap();
        tenants.service.server.says("the tenants file is wrong; what it said before goes on to hold");
        assert!(blue.update(set("x", "n", "Number", 1)).await.is_err());
        write(&file, json!({}));
        until("calls without a quota", async || {
            let answer = rest(&tenants, "blue", Method::GET, "/channel-sessions/x", "").await;
            answer.status.as_u16() == 404
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_updates_is_held_back_and_none_is_refused() {
    const UPDATES: usize = 300;
    let (tenants, ..) = start(Store::Sqlite, Front::Combined, json!({ "callsPerSecond": 2 })).await;
    let blue = tenants.caller("blue").await;
    blue.create("x").await;
    let updates = (0..UPDATES)
        .map(|value| StreamUpdateDataRequest { request: Some(set("x", "n", "Number", value)) })
        .collect::<Vec<_>>();
    let requests = blue.request(stream::iter(updates));
    let mut results = blue.client.clone().stream_update_data(requests).await.unwrap().into_inner();
    let mut made = 0;
    // The rest would take minutes.
    while let Ok(result) = tokio::time::timeout(Duration::from_secs(1), results.message()).await {
        let outcome = result.unwrap().unwrap().result.unwrap().result.unwrap();
        assert!(matches!(outcome, Outcome::Response(_)), "{outcome:?}");
        made += 1;
    }
    assert!(made > 0 && made < UPDATES, "{made}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_calls_of_a_tenant_are_under_way_at_once() {
    let (tenants, ..) = start(Store::Postgres, Front::Combined, json!({ "maxCalls": 2 })).await;
    let (blue, green) = (tenants.caller("blue").await, tenants.caller("green").await);
    for id in ["x", "y"] {
        blue.create(id).await;
    }
    green.create("z").await;
    let mut lock = Lock::take(&tenants.service.database_url(), &["x", "y"]).await;
    let mut waiting = Vec::new();
    for (id, count) in [("x", 1), ("y", 2)] {
        let blue = blue.clone();
        waiting.push(tokio::spawn(async move { blue.update(set(id, "n", "Number", 1)).await }));
        lock.is_waited_for_by(count).await;
    }
    let refused = blue.update(set("x", "n", "Number", 2)).await.unwrap_err();
    assert_eq!(retry_after(&refused), 1);
    assert!(refused.message().contains("at once"), "{}", refused.message());
    assert_eq!(green.update(set("z", "n", "Number", 1)).await.unwrap(), 2);
    lock.release().await;
    for call in waiting {
        within("an answer", call).await.unwrap().unwrap();
    }
    assert_eq!(blue.update(set("x", "n", "Number", 2)).await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tenant_s_updates_are_held_to_its_own_rules() {
    let rules = json!({ "maxAttributes": 1, "valueRules": "lenient" });
    let (tenants, ..) = start(Store::Sqlite, Front::Combined, rules).await;
    let (blue, green) = (tenants.caller("blue").await, tenants.caller("green").await);
    for caller in [&blue, &green] {
        caller.create("x").await;
    }
    let reason = |status: Status| Failure::from_status(&status).reason;
    assert_eq!(blue.update(set("x", "n", "Number", r#""none""#)).await.unwrap(), 2);
    assert_eq!(reason(blue.update(set("x", "m", "Number", 1)).await.unwrap_err()), "TOO_MANY_ATTRIBUTES");
    assert_eq!(
        reason(green.update(set("x", "n", "Number", r#""none""#)).await.unwrap_err()),
        "INVALID_ATTRIBUTES"
    );
    for (at, key) in ["n", "m"].into_iter().enumerate() {
        let revision = i64::try_from(at).unwrap() + 2;
        assert_eq!(green.update(set("x", key, "Number", 1)).await.unwrap(), revision);
    }
}

//! Watchers that come back, or read on, when what they have not received is not kept any longer: they get an error.

use channel_session_api::v1::ListChannelSessionHistoryRequest;
use tonic::Code;

use super::text;
use crate::support::{
    Caller, Failure, Front, Service, Sse, Store, Watch, caller::set, json, on_both_stores, timeout::until,
    watch::everything,
};

on_both_stores!(
    a_position_that_is_not_kept_is_said_to_be,
    a_watcher_that_does_not_read_is_told_that_it_fell_behind
);

/// Long enough that who listens hears of everything, also on a machine that does much else.
const SHORT: [&str; 4] = ["--event-retention", "3s", "--retention-interval", "100ms"];

/// Waits until what comes behind a position is not kept any longer.
async fn expires(service: &Service, position: &str) {
    let grpc = service.grpc().await;
    until("the expiry of events", async || Watch::try_start(&grpc, everything(position)).await.is_err())
        .await;
}

async fn a_position_that_is_not_kept_is_said_to_be(store: Store) {
    let service = Service::with(store, Front::Combined, &SHORT).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let mut watch = Watch::start(&grpc, everything("")).await;
    let from = watch.position.clone();
    service.create("x", "{}").await;
    watch.next().await;
    let behind = watch.position.clone();
    expires(&service, &from).await;

    let status = Watch::try_start(&grpc, everything(&from)).await.err().unwrap();
    let failure = Failure::from_status(&status);
    assert_eq!((status.code(), &*failure.reason), (Code::OutOfRange, "POSITION_EXPIRED"));
    let answer = Sse::try_open(&rest, "", Some(&from)).await.err().unwrap();
    assert_eq!((answer.status.as_u16(), answer.failure()), (410, failure));
    let answer = Sse::try_open(&rest, &format!("position={from}"), None).await.err().unwrap();
    assert_eq!(answer.status, 410);
    // Who has received all of it misses nothing, and the session is as it was.
    let mut behind = Watch::start(&grpc, everything(&behind)).await;
    let mut now = Watch::start(&grpc, everything("")).await;
    assert_eq!(Caller::Rest(rest.clone()).update(&set("x", "k", "Number", 1)).await.unwrap().revision, 2);
    for watch in [&mut watch, &mut behind, &mut now] {
        assert_eq!(watch.next().await.revision, 2);
    }
    // Nor has it a past in the end.
    let past = async || {
        let request =
            ListChannelSessionHistoryRequest { channel_session_id: "x".to_owned(), ..Default::default() };
        grpc.clone().list_channel_session_history(request).await.unwrap().into_inner().events
    };
    until("the expiry of a past", async || past().await.is_empty()).await;
    assert_eq!(rest.get("x").await.revision(), 2);
}

async fn a_watcher_that_does_not_read_is_told_that_it_fell_behind(store: Store) {
    const CHANGES: usize = 250;
    let service = Service::with(store, Front::Combined, &SHORT).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    // More than what is on its way to it, and than what the service keeps for all, so that it has to be read again.
    service.create("x", &format!(r#"{{"x":"{}"}}"#, "x".repeat(200_000))).await;
    let mut watch = Watch::start(&grpc, everything("")).await;
    let from = watch.position.clone();
    let mut sse = Sse::open(&rest, "").await;
    for value in 0..CHANGES {
        let update = channel_session_api::v1::UpdateDataRequest { view: 4, ..set("x", "k", "Number", value) };
        grpc.clone().update_data(update).await.unwrap();
    }
    expires(&service, &from).await;
    // The last of it has to have expired too.
    let last = Watch::start(&grpc, everything("")).await.position;
    Caller::Rest(rest.clone()).update(&set("x", "k", "Number", -1)).await.unwrap();
    expires(&service, &last).await;

    let mut received = 0;
    let status = loop {
        match watch.try_next().await {
            Ok(event) => {
                received += 1;
                assert_eq!(event.revision, received + 1, "in order, as long as it lasts");
            }
            Err(status) => break status,
        }
    };
    assert_eq!(
        (status.code(), &*Failure::from_status(&status).reason),
        (Code::OutOfRange, "POSITION_EXPIRED")
    );
    assert!(received < i64::try_from(CHANGES).unwrap(), "all {received} were delivered");
    let end = loop {
        let message = sse.next().await;
        if message.event == "error" {
            break message;
        }
    };
    assert_eq!(text(&json(&end.data), "reason"), "POSITION_EXPIRED");
    assert_eq!(sse.try_next().await, None);
    // It starts again.
    let mut watch = Watch::start(&grpc, everything("")).await;
    Caller::Rest(rest).update(&set("x", "k", "Number", -2)).await.unwrap();
    assert_eq!(watch.next().await.revision, i64::try_from(CHANGES).unwrap() + 3);
    assert!(service.server.peak_memory() < 200 << 20, "{} bytes", service.server.peak_memory());
}

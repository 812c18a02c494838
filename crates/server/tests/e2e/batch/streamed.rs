//! Streams of updates: callers that do not take what comes back are not read from, and streams end with their process.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use channel_session_api::v1::{
    ChannelSessionView, StreamUpdateDataRequest, UpdateDataRequest, update_data_result,
};
use futures_util::stream;
use prost::Message;
use tokio::sync::mpsc;

use crate::support::{
    Failure, Front, Rest, Service, Store,
    batch::from_result,
    caller::set,
    http2::{Call, Connection, framed},
    on_both_stores,
    timeout::within,
};

on_both_stores!(
    a_caller_that_takes_no_results_is_not_read_from,
    a_stream_ends_with_its_process,
    small_updates_that_wait_for_nothing_are_all_made,
);

/// Far more than the service needs, which is at most 100 MB for what it has at work, and less than what the results
/// would take that nobody takes.
const MAX_MEMORY: u64 = 160 << 20;

/// A frame for each, which is how most clients send them: a peer whose small frames pile up is taken for hostile by HTTP/2's
/// library, and flow control has to hold them back before that.
async fn small_updates_that_wait_for_nothing_are_all_made(store: Store) {
    const UPDATES: usize = 1500;
    let service = Service::start(store).await;
    let connection = Connection::open(service.server.address("grpc"), 1 << 20).await;
    let mut results = Vec::new();
    for id in ["one", "two", "three"] {
        service.create(id, "{}").await;
        let Call { response, mut stream } = connection.call("StreamUpdateData", &[], None, false).await;
        results.push(tokio::spawn(async move {
            let mut body = within("an answer", response).await.unwrap().into_body();
            let (mut bytes, mut results) = (Vec::new(), 0);
            while let Some(data) = within("results", body.data()).await {
                let data = data.unwrap();
                body.flow_control().release_capacity(data.len()).unwrap();
                bytes.extend_from_slice(&data);
                while let Some(length) = bytes.get(1..5).map(|length| length.try_into().unwrap()) {
                    let end = 5 + u32::from_be_bytes(length) as usize;
                    if bytes.len() < end {
                        break;
                    }
                    bytes.drain(..end);
                    results += 1;
                }
            }
            results
        }));
        for at in 0..UPDATES {
            let update =
                UpdateDataRequest { view: ChannelSessionView::Basic.into(), ..set(id, "k", "Number", at) };
            let message = StreamUpdateDataRequest { request: Some(update) }.encode_to_vec();
            stream.send_data(framed(false, &message), at + 1 == UPDATES).unwrap();
        }
    }
    for results in results {
        assert_eq!(results.await.unwrap(), UPDATES);
    }
    for id in ["one", "two", "three"] {
        assert_eq!(service.rest().get(id).await.revision(), 1 + i64::try_from(UPDATES).unwrap());
    }
}

async fn a_caller_that_takes_no_results_is_not_read_from(store: Store) {
    const UPDATES: usize = 2000;
    let service =
        Service::with(store, Front::Combined, &["--event-retention", "1s", "--retention-interval", "100ms"])
            .await;
    // Their results take 200 MB.
    service.create("x", &format!(r#"{{"x":"{}"}}"#, "x".repeat(100_000))).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let requests = stream::iter((0..UPDATES).map({
        let sent = sent.clone();
        move |at| {
            sent.fetch_add(1, Ordering::Relaxed);
            StreamUpdateDataRequest { request: Some(set("x", "k", "String2000", format!("\"{at:02000}\""))) }
        }
    }));
    let mut results = service.grpc().await.stream_update_data(requests).await.unwrap().into_inner();

    // The service has all the time that so many other calls take. What it then has not read, it does not read.
    let rest = service.rest();
    let (read, made) = within("the end of reading", async {
        let mut before = (0, 1);
        loop {
            for _ in 0..200 {
                assert_eq!(rest.get("64e2f08a6155b317cd3f88fd").await.status, 200);
            }
            let now = (sent.load(Ordering::Relaxed), rest.get("x").await.revision());
            if now == before && now.1 > 1 {
                return now;
            }
            before = now;
        }
    })
    .await;
    assert!(made < 250 && read < 850, "{made} updates were made, and {read} of {UPDATES} read");
    assert!(service.server.peak_memory() < MAX_MEMORY, "{} bytes", service.server.peak_memory());
    // Others are served all the while, also with updates of the same session.
    let other = rest.update("x", r#"[{"key":"other","type":"Boolean","value":true}]"#).await;
    assert_eq!(other.status, 200);

    // Read on, everything is there, in order.
    let mut last = 1;
    for _ in 0..UPDATES {
        let response = within("a result", results.message()).await.unwrap().unwrap();
        let Some(update_data_result::Result::Response(response)) = response.result.unwrap().result else {
            panic!("an update was refused")
        };
        let session = response.channel_session.unwrap();
        assert!(response.changed && session.revision > last && session.document_json.len() > 100_000);
        last = session.revision;
    }
    assert!(results.message().await.unwrap().is_none());
    assert_eq!(rest.get("x").await.revision(), 2 + i64::try_from(UPDATES).unwrap());
}

async fn a_stream_ends_with_its_process(store: Store) {
    let mut service = Service::start(store).await;
    service.create("x", "{}").await;
    let (requests, receiver) = mpsc::channel(1);
    let receiver = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let receiver = Box::pin(receiver);
    let mut results = service.grpc().await.stream_update_data(receiver).await.unwrap().into_inner();
    for at in 0..3 {
        requests.send(StreamUpdateDataRequest { request: Some(set("x", "n", "Number", at)) }).await.unwrap();
        let response = within("a result", results.message()).await.unwrap().unwrap();
        assert_eq!(from_result(response.result.unwrap()).unwrap().0.revision, 2 + at);
    }
    service.server.ask_to_stop();
    let status = within("the end", results.message()).await.unwrap_err();
    let failure = Failure::from_status(&status);
    assert_eq!((&*failure.reason, failure.outcome_unknown), ("STORE_UNAVAILABLE", false));
    assert!(service.stop_server().success());
    let again = service.another(&[]);
    assert_eq!(Rest::new(again.address("http")).get("x").await.revision(), 4);
}

//! Whoever has not sent a request, or has left one behind, keeps nobody else from being served.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use channel_session_api::v1::{ListChannelSessionsRequest, StreamUpdateDataRequest};
use futures_util::{future::join_all, stream};
use http::Method;
use prost::Message;
use tonic::Code;

use crate::support::{
    Failure, Service, Store,
    caller::set,
    http2::{Connection, framed},
    latency::Latencies,
    on_both_stores,
    rest::JSON,
    size::short_or_full,
    timeout::within,
    watch::everything,
};

on_both_stores!(
    calls_without_a_request,
    streams_without_a_request,
    lists_that_are_called_off,
    lists_and_batches_beside_single_updates,
    calls_that_are_reset_again_and_again,
);

/// More calls of headers alone than there may be calls under way; and as many of which there is nearly as much as is not
/// counted, over both transports. What they take together is bounded.
async fn calls_without_a_request(store: Store) {
    const CONNECTIONS: usize = 30;
    const MAX_MEMORY: u64 = 100 << 20;
    let service = Service::start(store).await;
    let before = service.server.peak_memory();
    let (grpc, http) = (service.server.address("grpc"), service.server.address("http"));
    let half = framed(false, &vec![0; 60_000]).slice(..15_000);
    let (mut connections, mut calls) = (Vec::new(), Vec::new());
    for at in 0..CONNECTIONS {
        let connection = Connection::open(if at % 3 == 2 { http } else { grpc }, 65_535).await;
        // As many as one may have that are not answered.
        for _ in 0..200 {
            let call = match at % 3 {
                0 => connection.call("UpdateData", &[], None, false).await,
                1 => connection.call("UpdateData", &[], Some(half.clone()), false).await,
                _ => connection.put_half("/forms/x", half.clone()).await,
            };
            calls.push(call);
        }
        connections.push(connection);
    }
    are_served(&service).await;
    let grown = service.server.peak_memory() - before;
    eprintln!("memory: {} MB more", grown >> 20);
    assert!(grown < MAX_MEMORY, "{} MB", grown >> 20);
    drop((connections, calls));
}

/// An update over each transport, by a stream, and a read.
async fn are_served(service: &Service) {
    service.create("x", "{}").await;
    let mut client = service.grpc().await;
    client.update_data(set("x", "n", "Number", 1)).await.unwrap();
    let answer = service.rest().update("x", r#"[{"key":"n","type":"Number","value":2}]"#).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    let request = StreamUpdateDataRequest { request: Some(set("x", "n", "Number", 3)) };
    let mut results = client.stream_update_data(stream::iter([request])).await.unwrap().into_inner();
    assert!(results.message().await.unwrap().is_some());
    assert_eq!(service.rest().get("x").await.revision(), 4);
}

/// More streams of updates that send nothing than there may be at work, and no more of them on a connection than leave
/// room for its calls.
async fn streams_without_a_request(store: Store) {
    let service = Service::start(store).await;
    let address = service.server.address("grpc");
    let connections = join_all((0..11).map(|_| Connection::open(address, 65_535))).await;
    let mut kept = Vec::new();
    for connection in &connections {
        for _ in 0..budget::Connection::MAX_LONG_STREAMS {
            let call = connection.call("StreamUpdateData", &[], None, false).await;
            kept.push((within("a stream", call.response).await.unwrap(), call.stream));
        }
    }
    // One more on each is refused, whatever kind it is of.
    let watch = framed(false, &everything("").encode_to_vec());
    for connection in &connections {
        for (method, body) in [("StreamUpdateData", Bytes::new()), ("WatchChannelSessions", watch.clone())] {
            let refused = connection.call(method, &[], Some(body), true).await.status();
            let status = within("a refusal", refused).await.expect_err("one too many");
            assert_eq!(status.code(), Code::ResourceExhausted);
            assert_eq!(Failure::from_status(&status).reason, "OVERLOADED");
            assert!(status.message().contains("another connection"), "{status:?}");
        }
        let update = framed(false, &set("x", "n", "Number", 1).encode_to_vec());
        let call = connection.call("UpdateData", &[], Some(update), true).await;
        let status = within("an answer", call.status()).await.expect_err("there is no such session");
        assert_eq!(status.code(), Code::NotFound);
    }
    are_served(&service).await;
    // The event streams of REST over HTTP/2 alike.
    let rest = Connection::open(service.rest().address(), 65_535).await;
    let mut events = Vec::new();
    for _ in 0..budget::Connection::MAX_LONG_STREAMS {
        events.push(rest.get("/events").await);
    }
    let began = join_all(events.into_iter().map(|call| call.response));
    for answer in within("event streams", began).await {
        assert_eq!(answer.unwrap().status().as_u16(), 200);
    }
    drop(kept);
}

/// Reads go on beside one who asks for lists only to call them off.
async fn lists_that_are_called_off(store: Store) {
    let service = Service::start(store).await;
    let document = format!(r#"{{"text":"{}"}}"#, "x".repeat(4000));
    for id in 0..300 {
        service.create(&format!("session-{id}"), &document).await;
    }
    service.create("x", "{}").await;
    let before = Latencies::of_a_while(&service.rest(), &["x"]).await;
    before.beside(service.rest(), "x", ask_for_lists_and_call_off(&service)).await;
    assert!(service.server.peak_memory() < 350 << 20, "{} MB", service.server.peak_memory() >> 20);
}

/// Many callers who list pages, and a few who send large batches, all in good faith: a single update is made between theirs.
async fn lists_and_batches_beside_single_updates(store: Store) {
    let service = Service::start(store).await;
    let ids: Vec<_> = (0..short_or_full(100, 1000)).map(|id| format!("session-{id}")).collect();
    for id in &ids {
        service.create(id, "{}").await;
    }
    service.create("x", "{}").await;
    let rest = service.rest();
    let before = Latencies::of_a_while(&rest, &["x"]).await;
    let lists = async || {
        let page = async || rest.send(Method::GET, "/channel-sessions?pageSize=1000", "", &[]).await.status;
        let pages = join_all((0..short_or_full(10, 50)).map(|_| page())).await;
        assert!(pages.iter().all(|status| *status == 200 || *status == 429), "{pages:?}");
    };
    let requests: Vec<_> = ids.iter().map(|id| format!(r#"{{"channelSessionId":"{id}","#)).collect();
    let batches = async || {
        let value = fastrand::u32(..);
        let attributes = format!(r#""attributes":[{{"key":"n","type":"Number","value":{value}}}]}}"#);
        let body: Vec<_> = requests.iter().map(|request| format!("{request}{attributes}")).collect();
        let body = format!(r#"{{"requests":[{}]}}"#, body.join(","));
        let batch = async || rest.send(Method::POST, "/batch-update-data", body.clone(), &JSON).await;
        for answer in join_all((0..4).map(|_| batch())).await {
            assert!(answer.status == 200 || answer.status == 429, "{answer:?}");
        }
    };
    for (what, is_lists) in [("lists", true), ("batches", false)] {
        let load = async {
            let begun = Instant::now();
            while begun.elapsed() < short_or_full(Duration::from_millis(300), Duration::from_secs(10)) {
                if is_lists { lists().await } else { batches().await }
            }
        };
        eprintln!("beside {what}:");
        before.beside(service.rest(), "x", load).await;
    }
}

/// One connection asks for a long list and calls it off, again and again.
pub(crate) async fn ask_for_lists_and_call_off(service: &Service) {
    let request = ListChannelSessionsRequest { page_size: 1000, ..Default::default() };
    let message = framed(false, &request.encode_to_vec());
    let connection = Connection::open(service.server.address("grpc"), 65_535).await;
    for _ in 0..short_or_full(1000, 5000) {
        let call = connection.call("ListChannelSessions", &[], Some(message.clone()), true).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        call.reset();
    }
}

/// Four peers reset what they ask for as fast as they can, and come back when they are sent away.
async fn calls_that_are_reset_again_and_again(store: Store) {
    let service = Service::start(store).await;
    for id in ["x", "y"] {
        service.create(id, "{}").await;
    }
    let before = Latencies::of_a_while(&service.rest(), &["x"]).await;
    let address = service.server.address("grpc");
    let done = tokio_util::sync::CancellationToken::new();
    let peers: Vec<_> = (0..4).map(|_| tokio::spawn(reset(address, done.clone()))).collect();
    let attack = async {
        tokio::time::sleep(short_or_full(Duration::from_secs(1), Duration::from_secs(10))).await;
        done.cancel();
        for peer in peers {
            let count = peer.await.unwrap();
            assert!(count > 100, "{count}");
        }
    };
    before.beside(service.rest(), "x", attack).await;
}

/// Asks for updates and resets them until it is stopped. Returns how many those were.
async fn reset(address: std::net::SocketAddr, done: tokio_util::sync::CancellationToken) -> usize {
    let update = framed(false, &set("y", "n", "Number", 1).encode_to_vec());
    let mut count = 0;
    while !done.is_cancelled() {
        let connection = Connection::open(address, 65_535).await;
        while !done.is_cancelled() {
            let Ok(call) = connection.try_call("UpdateData", update.clone()).await else { break };
            tokio::task::yield_now().await;
            call.reset();
            count += 1;
        }
    }
    count
}

/// Four peers that reset what they ask for leave before they are sent away, and come back at once. What the service takes
/// of them altogether is bounded, on however many connections, and a good caller is served beside them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_reset_on_ever_new_connections() {
    /// What is taken of one address: so many at once, and so many more each second.
    const AT_ONCE: usize = 1000;
    const EACH_SECOND: usize = 200;
    /// What each of the peers may have on its connection when that is found to be too much.
    const ON_CONNECTIONS: usize = PEERS * BEFORE_LEAVING;
    const PEERS: usize = 4;
    const ATTEMPTS: usize = 2 * AT_ONCE;

    let service = Service::start(Store::Sqlite).await;
    for id in ["x", "y"] {
        service.create(id, "{}").await;
    }
    let address = service.server.address("grpc");
    let since = Instant::now();
    let count = Arc::new(AtomicUsize::new(0));
    let peers: Vec<_> = (0..PEERS)
        .map(|_| {
            let count = count.clone();
            tokio::spawn(async move {
                while count.load(Ordering::Relaxed) < ATTEMPTS {
                    reset_and_leave(address).await;
                    count.fetch_add(BEFORE_LEAVING, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let rest = service.rest();
    for value in 0..50 {
        let body = format!(r#"[{{"key":"n","type":"Number","value":{value}}}]"#);
        let answer = within("an update", rest.update("x", body)).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    }
    for peer in peers {
        within("the end of the attack", peer).await.unwrap();
    }
    let taken = count.load(Ordering::Relaxed);
    let seconds = since.elapsed().as_secs_f64().ceil() as usize;
    let allowed = AT_ONCE + EACH_SECOND * seconds + ON_CONNECTIONS;
    assert!(taken <= allowed, "{taken} of {allowed} within {seconds} s");
}

/// Fewer than a new connection may begin without waiting.
const BEFORE_LEAVING: usize = 30;

/// Resets as many calls on a new connection, and sees by the answer to another one that the service has taken them.
async fn reset_and_leave(address: std::net::SocketAddr) {
    let update = framed(false, &set("y", "n", "Number", 1).encode_to_vec());
    let connection = Connection::open(address, 65_535).await;
    for _ in 0..BEFORE_LEAVING {
        let call = connection.try_call("UpdateData", update.clone()).await.unwrap();
        tokio::task::yield_now().await;
        call.reset();
    }
    let last = connection.try_call("UpdateData", update).await.unwrap();
    last.status().await.unwrap();
}

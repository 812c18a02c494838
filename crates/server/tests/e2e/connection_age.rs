//! Connections that become too old: their callers make others, and lose nothing by it.

use std::{
    error::Error as _,
    iter::successors,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use channel_session_api::v1::{
    StreamUpdateDataRequest, channel_session_service_client::ChannelSessionServiceClient,
};
use futures_util::{StreamExt, stream};
use http::Uri;
use rustls::ClientConfig;
use tonic::{Status, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};
use tower::Service as _;

use crate::support::{
    Client, Failure, Front, Rest, Secure, Service, Sse, Store, Watch,
    caller::set,
    connection::{Connection, request},
    process::Process,
    rest::Lost,
    secure,
    timeout::{until, within},
    watch::everything,
};

const ID: &str = "64e2f08a6155b317cd3f88fd";
const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

/// So that each connection ends many times in a test.
const SHORT: [&str; 4] = ["--max-connection-age", "200ms", "--max-connection-age-grace", "200ms"];

/// How often each caller's connection has to have ended.
const TIMES: usize = 5;

/// How many callers share a client.
const CALLERS: usize = 8;

/// Calls without a pause, at once, until `is_enough`. Each of them has to succeed.
async fn call<F: Future<Output = Result<(), String>>>(
    call: impl Fn() -> F,
    is_enough: impl Fn() -> bool,
) -> usize {
    let made = AtomicUsize::new(0);
    let caller = async || {
        while !is_enough() {
            call().await.unwrap_or_else(|lost| panic!("call {}: {lost}", made.load(Ordering::Relaxed)));
            made.fetch_add(1, Ordering::Relaxed);
        }
    };
    within("the ends of connections", futures_util::future::join_all((0..CALLERS).map(|_| caller()))).await;
    made.into_inner()
}

/// A gRPC client, and how often it has connected.
fn grpc(process: &Process, config: ClientConfig, scheme: &str) -> (Client, Arc<AtomicUsize>) {
    let connects = Arc::new(AtomicUsize::new(0));
    let (counted, connector) = (connects.clone(), secure::connector(config));
    let connector = tower::service_fn(move |uri: Uri| {
        counted.fetch_add(1, Ordering::Relaxed);
        connector.clone().call(uri)
    });
    let uri = format!("{scheme}://localhost:{}", process.address("grpc").port());
    let channel = Endpoint::from_shared(uri).unwrap().connect_with_connector_lazy(connector);
    (ChannelSessionServiceClient::new(channel), connects)
}

/// Makes an update. What tonic's client had in its own queue when the connection ended never came here, or was said to come too
/// late: unlike those of other languages, it leaves it to its caller to try again.
async fn update(client: &Client, value: &str) -> Result<i64, Status> {
    loop {
        match client.clone().update_data(set(ID, "k", "Number", value)).await {
            Ok(made) => return Ok(made.into_inner().channel_session.unwrap().revision),
            Err(status) if is_left(&status) => {}
            Err(status) => return Err(status),
        }
    }
}

fn is_left(status: &Status) -> bool {
    let first = status.source();
    let mut causes = successors(first, |cause: &&(dyn std::error::Error + 'static)| (*cause).source());
    causes.any(|cause| {
        cause.downcast_ref().is_some_and(hyper::Error::is_canceled)
            || cause.downcast_ref().is_some_and(|error: &h2::Error| error.is_remote() && error.is_go_away())
    })
}

async fn lose_nothing_over_grpc((client, connects): (Client, Arc<AtomicUsize>)) {
    let made = call(
        || {
            let client = client.clone();
            async move { update(&client, "1").await.map(drop).map_err(|status| format!("{status:?}")) }
        },
        || connects.load(Ordering::Relaxed) > TIMES,
    )
    .await;
    assert!(made > TIMES, "{made}");
}

async fn lose_nothing_over_rest(rest: &Rest) {
    let ends = AtomicUsize::new(0);
    let made = call(
        async || {
            let answer = rest.try_send(http::Method::PUT, &format!("/forms/{ID}"), ONE, &[]).await;
            let answer = answer.map_err(|lost: Lost| format!("{lost:?}"))?;
            if answer.headers.get("connection").is_some_and(|value| value == "close") {
                ends.fetch_add(1, Ordering::Relaxed);
            }
            if answer.status == 200 { Ok(()) } else { Err(format!("{answer:?}")) }
        },
        || ends.load(Ordering::Relaxed) > TIMES * CALLERS,
    )
    .await;
    assert!(made > TIMES * CALLERS, "{made}");
}

/// A caller that sends its calls on one connection for as long as that says nothing else, and tries none again.
async fn lose_nothing_on_one_connection(process: &Process) {
    let call = request("PUT", &format!("/forms/{ID}"), &[], ONE);
    for _ in 0..TIMES {
        let mut connection = Connection::open(process.address("http")).await;
        while !connection.call(&call).await.unwrap().closes() {}
        assert!(within("the end", connection.is_closed()).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_of_old_connections_lose_no_call() {
    let service = Service::with(Store::Sqlite, Front::Combined, &SHORT).await;
    lose_nothing_over_grpc(grpc(&service.server, secure::nobody(), "http")).await;
    lose_nothing_over_rest(&service.rest()).await;
    lose_nothing_on_one_connection(&service.server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_of_old_connections_over_tls_lose_no_call() {
    let secure = Secure::new();
    let flags = secure.flags();
    let flags: Vec<_> = SHORT.into_iter().chain(flags.iter().map(String::as_str)).collect();
    let service = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    let mut config = secure.client(None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    lose_nothing_over_grpc(grpc(&service.server, config, "https")).await;
    lose_nothing_over_rest(&secure.rest(service.server.address("http"), None)).await;
}

/// Neither by the end of a caller's connection nor by that of the gateway's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_of_a_gateway_alone_lose_no_call() {
    let service = Service::with_front(Store::Sqlite, Front::Alone, &SHORT, &SHORT).await;
    lose_nothing_over_rest(&service.rest()).await;
    lose_nothing_on_one_connection(service.gateway.as_ref().unwrap()).await;
}

/// Whoever watches goes on from where it was, over gRPC and REST, and hears of each change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_on_old_connections_end_and_go_on_elsewhere() {
    let service = Service::with_front(Store::Sqlite, Front::Alone, &SHORT, &SHORT).await;
    let (client, _) = grpc(&service.server, secure::nobody(), "http");
    let ends = [const { AtomicUsize::new(0) }; 3];
    let is_enough = || ends.iter().all(|ends| ends.load(Ordering::Relaxed) >= TIMES);
    let last = AtomicUsize::new(usize::MAX);
    let until_last = |revision: i64| usize::try_from(revision).unwrap() < last.load(Ordering::Relaxed);
    let from = Watch::start(&service.grpc().await, everything("")).await.position;
    let writer = async {
        let mut value = 0;
        loop {
            value += 1;
            let revision = update(&client, &value.to_string()).await.unwrap();
            if is_enough() {
                last.store(usize::try_from(revision).unwrap(), Ordering::Relaxed);
                // Whoever waits for a change hears of the end.
                update(&client, "0").await.unwrap();
                return;
            }
        }
    };
    let watcher = async {
        let (mut watch, mut revision) = (Watch::start(&service.grpc().await, everything(&from)).await, 1);
        while until_last(revision) {
            match watch.try_next().await {
                Ok(event) => {
                    assert_eq!(event.revision, revision + 1);
                    revision = event.revision;
                }
                Err(status) => {
                    is_end(&status);
                    ends[0].fetch_add(1, Ordering::Relaxed);
                    watch = Watch::start(&service.grpc().await, everything(&watch.position)).await;
                }
            }
        }
    };
    let reader = async |process: &Process, ends: &AtomicUsize| {
        let rest = Rest::new(process.address("http"));
        let (mut stream, mut revision) = (Sse::resume(&rest, "", &from).await, 1);
        while until_last(revision) {
            match stream.try_next().await {
                Some(message) if message.event == "error" => {
                    assert!(message.data.contains(r#""status":503"#), "{message:?}");
                    ends.fetch_add(1, Ordering::Relaxed);
                    stream = Sse::resume(&rest, "", &stream.last_event_id).await;
                }
                message => {
                    let received: serde_json::Value = serde_json::from_str(&message.unwrap().data).unwrap();
                    let received = received["change"]["revision"].as_i64().unwrap();
                    assert_eq!(received, revision + 1);
                    revision = received;
                }
            }
        }
    };
    let readers = async {
        let alone = service.gateway.as_ref().unwrap();
        tokio::join!(reader(&service.server, &ends[1]), reader(alone, &ends[2]));
    };
    within("the watchers", async { tokio::join!(writer, watcher, readers) }).await;
}

/// The status says what to do, and that nothing is known to be wrong with what was asked for.
fn is_end(status: &Status) {
    assert!(status.message().contains("over another one"), "{status:?}");
    assert_eq!(Failure::from_status(status).reason, "STORE_UNAVAILABLE");
}

/// All kinds of streams that have no end of their own end with the connection, and the connection with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_end_with_an_old_connection() {
    let flags = ["--max-connection-age", "1s", "--max-connection-age-grace", "100ms"];
    let service = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    let uri = format!("http://{}", service.server.address("grpc"));
    let channel = Endpoint::from_shared(uri).unwrap().connect().await.unwrap();

    let mut health = HealthClient::new(channel.clone());
    let mut health = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert!(health.message().await.unwrap().is_some());
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(channel.clone());
    let asked = stream::iter([asked]).chain(stream::pending());
    let mut reflection = reflection.server_reflection_info(asked).await.unwrap().into_inner();
    assert!(reflection.message().await.unwrap().is_some());
    let updates = [StreamUpdateDataRequest { request: Some(set(ID, "k", "Number", "1")) }];
    let updates = stream::iter(updates).chain(stream::pending());
    let mut made =
        ChannelSessionServiceClient::new(channel).stream_update_data(updates).await.unwrap().into_inner();
    assert!(made.message().await.unwrap().is_some());

    let ends = async {
        is_end(&health.message().await.expect_err("the end"));
        is_end(&reflection.message().await.expect_err("the end"));
        is_end(&made.message().await.expect_err("the end"));
    };
    within("the ends of streams", ends).await;
}

/// A connection of HTTP/1.1 that is idle beyond its age is not closed under a caller that is just about to call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_is_there_for_one_more_call() {
    let service = Service::with(Store::Sqlite, Front::Combined, &SHORT).await;
    let call = request("GET", &format!("/channel-sessions/{ID}"), &[], "");
    let mut idle = loop {
        let mut connection = Connection::open(service.server.address("http")).await;
        let reply = connection.call(&call).await.unwrap();
        assert_eq!(reply.status, 200);
        // On a busy machine, one may be too old before its first answer.
        if !reply.closes() {
            break connection;
        }
    };
    // Others that are as old have come to their ends, and more.
    lose_nothing_on_one_connection(&service.server).await;
    let reply = idle.call(&call).await.unwrap();
    assert!(reply.status == 200 && reply.closes(), "{reply:?}");
    assert!(within("the end", idle.is_closed()).await.unwrap());
    let rest = service.rest();
    until("the service", async || rest.is_ready().await).await;
}

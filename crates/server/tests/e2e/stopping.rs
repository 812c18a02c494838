//! A process that is asked to stop finishes what it accepted.

use futures_util::{StreamExt, stream};
use tonic::Status;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};

use crate::support::{
    Failure, Front, Lock, Rest, Service, Store, Watch,
    caller::set,
    connection::{Connection, request},
    process::Process,
    service::{channel, connect},
    timeout::{until, within},
    watch::everything,
};

const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_finishes_what_was_accepted() {
    let mut service = Service::with(Store::Postgres, Front::Alone, &[]).await;
    service.create("x", "{}").await;
    service.create("y", "{}").await;
    let mut lock = Lock::take(&service.database_url(), &["x", "y"]).await;
    let combined = Rest::new(service.server.address("http"));
    let in_process = tokio::spawn(async move { combined.update("x", ONE).await });
    lock.is_waited_for_by(1).await;
    let over_gateway = service.rest();
    let over_gateway = tokio::spawn(async move { over_gateway.update("y", ONE).await });
    lock.is_waited_for_by(2).await;

    service.server.ask_to_stop();
    // No new connection is taken any more, and the calls that are under way are still waited for.
    let address = service.server.address("http");
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    lock.release().await;
    for call in [in_process, over_gateway] {
        let answer = call.await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert!(service.stop_server().success());
    let again = service.another(&[]);
    for id in ["x", "y"] {
        assert_eq!(Rest::new(again.address("http")).get(id).await.revision(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_process_stops_at_once_with_open_connections() {
    let mut service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let _grpc = service.grpc().await;
    assert_eq!(service.rest().update("64e2f08a6155b317cd3f88fd", "[]").await.status, 200);
    let mut gateway = service.gateway.take().unwrap();
    gateway.ask_to_stop();
    assert!(gateway.wait().success());
    service.server.ask_to_stop();
    assert!(service.stop_server().success());
}

/// Streams about the process itself do not hold up its end, as little as watches do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_health_and_reflection_end_with_the_process() {
    let mut service = Service::with(Store::Sqlite, Front::Combined, &["--drain-timeout", "10m"]).await;
    let channel = channel(service.server.address("grpc")).await;
    let mut watches = Vec::new();
    for name in ["", "no.such.Service"] {
        let request = HealthCheckRequest { service: name.to_owned() };
        let mut watch = HealthClient::new(channel.clone()).watch(request).await.unwrap().into_inner();
        assert!(watch.message().await.unwrap().is_some());
        watches.push(watch);
    }
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let asked = stream::iter([asked]).chain(stream::pending());
    let mut reflection =
        ServerReflectionClient::new(channel).server_reflection_info(asked).await.unwrap().into_inner();
    assert!(reflection.message().await.unwrap().is_some());

    service.server.ask_to_stop();
    for mut watch in watches {
        let end = async {
            while watch.message().await?.is_some() {}
            Ok::<_, Status>(())
        };
        let status = within("the end of a watch", end).await.expect_err("a reason");
        assert_eq!(Failure::from_status(&status).reason, "STORE_UNAVAILABLE");
    }
    let status = within("the end of reflection", reflection.message()).await.expect_err("a reason");
    assert_eq!(Failure::from_status(&status).reason, "STORE_UNAVAILABLE");
    assert!(service.stop_server().success());
}

/// While it is a lame duck, a process says so to whoever asks, and serves whoever comes all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lame_duck_serves_and_says_that_it_will_not() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("sessions.db").display());
    let serve = ["serve", "--sample", "--database-url", &database, "--grpc-addr", "127.0.0.1:0"];
    // Longer than the test takes.
    let process =
        Process::start(&[&serve[..], &["--http-addr", "127.0.0.1:0", "--lame-duck", "10m"]].concat());
    let (address, rest) = (process.address("grpc"), Rest::new(process.address("http")));
    let open = channel(address).await;
    let mut health = HealthClient::new(open.clone());
    let mut received = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(received.message().await.unwrap().unwrap().status, 1);
    let client = connect(address).await;
    let mut watch = Watch::start(&client, everything("")).await;

    process.ask_to_stop();
    let next = within("the next status of the health", received.message()).await.unwrap().unwrap();
    assert_eq!(next.status, 2);
    assert_eq!(health.check(HealthCheckRequest::default()).await.unwrap().into_inner().status, 2);
    assert!(!rest.is_ready().await);
    // Whoever does not know of it yet is served: on connections that are open, on new ones, and in streams.
    for (value, mut client) in [client, connect(address).await].into_iter().enumerate() {
        let update = set("64e2f08a6155b317cd3f88fd", "k", "Number", value.to_string());
        client.update_data(update).await.unwrap();
        watch.next().await;
    }
    assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", "[]").await.status, 200);
    Watch::start(&connect(address).await, everything("")).await;
}

/// Callers that keep connections hear that they end, before they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_connection_is_announced() {
    let service = Service::start(Store::Sqlite).await;
    let grpc = service.server.address("grpc").to_string();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("sessions.db").display());
    let serve = ["serve", "--database-url", &database, "--grpc-addr", "127.0.0.1:0"];
    let gateway = ["gateway", "--grpc-addr", &grpc];
    // Longer than the test takes: the process still serves.
    let both = ["--http-addr", "127.0.0.1:0", "--lame-duck", "10m"];
    for command in [&serve[..], &gateway] {
        let process = Process::start(&[command, &both].concat());
        let address = process.address("http");
        let health = request("GET", "/healthz", &[], "");
        let mut connections = Vec::new();
        for _ in 0..3 {
            let mut connection = Connection::open(address).await;
            assert!(!connection.call(&health).await.unwrap().closes());
            connections.push(connection);
        }
        process.ask_to_stop();
        let rest = Rest::new(address);
        until("the process is not ready", async || !rest.is_ready().await).await;
        let mut calls = ["GET /healthz", "POST /no/such/path", "PUT /forms/x"].into_iter();
        for mut connection in connections {
            let (method, path) = calls.next().unwrap().split_once(' ').unwrap();
            let reply = connection.call(request(method, path, &[], "[]")).await.unwrap();
            assert!(reply.closes(), "{method} {path}: {reply:?}");
            assert!(within("the end", connection.is_closed()).await.unwrap(), "{method} {path}");
        }
    }
}

/// Also those whose connections were made before the stop and not accepted yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_connected_before_a_stop_is_answered() {
    let flags = ["--max-connections", "8", "--drain-timeout", "10m"];
    let mut service = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    let address = service.server.address("http");
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = Connection::open(address).await;
        stream.send(&request("GET", "/events", &[], "")).await.unwrap();
        assert_eq!(stream.reply().await.unwrap().status, 200);
        streams.push(stream);
    }
    // A connection that is made waits to be accepted, and there is no room for it yet.
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let mut connection = Connection::open(address).await;
        let call = async move { connection.call(&request("GET", "/healthz", &[], "")).await };
        waiting.push(tokio::spawn(call));
    }
    service.server.ask_to_stop();
    for answer in waiting {
        let answer = answer.await.unwrap().expect("it is no end of the connection");
        assert!(answer.closes(), "{answer:?}");
    }
    assert!(service.stop_server().success());
    drop(streams);
}

/// An event stream whose caller reads nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_does_not_hold_up_a_stop() {
    let flags = ["--answer-timeout", "10m", "--drain-timeout", "10m"];
    let mut service = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    service.create("large", &format!(r#"{{"text":"{}"}}"#, "x".repeat(2_000_000))).await;
    let mut stream = Connection::open(service.server.address("http")).await;
    stream.send(&request("GET", "/events", &[], "")).await.unwrap();
    for value in 0..6 {
        let body = format!(r#"[{{"key":"k","type":"Number","value":{value}}}]"#);
        assert_eq!(service.rest().update("large", body).await.status, 200);
    }
    let since = std::time::Instant::now();
    service.server.ask_to_stop();
    assert!(service.stop_server().success());
    assert!(since.elapsed() < std::time::Duration::from_secs(60), "{:?}", since.elapsed());
}

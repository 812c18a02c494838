//! More connections than there is room for: idle ones end, and whoever comes is served.

use std::{
    net::TcpStream,
    process::{Command, Stdio},
};

use http::Method;
use prost::Message;

use crate::support::{
    Rest, Service, Store,
    caller::set,
    http2::{Connection, framed},
    patience::within,
    process::Process,
    service::Front,
    watch::everything,
};

/// Fewer files than the process would like to have, for its connections and its database.
const FILES: &str = "64";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_make_room_where_files_are_few() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("sessions.db").display());
    let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let serve = ["serve", "--sample", "--lame-duck", "0s", "--database-url", &database];
    let program = Process::command(&[&serve[..], &addresses].concat());
    let mut limited = Command::new("bash");
    limited.args(["-c", &format!("ulimit -n {FILES}; exec \"$0\" \"$@\"")]).env_clear();
    limited.arg(program.get_program()).args(program.get_args()).stdin(Stdio::null());
    let server = Process::spawn(limited);
    server.says("ready");
    is_served(&Rest::new(server.address("http")), server.address("http")).await;
    assert!(server.log().iter().any(|line| line.to_string().contains("open files")), "{:?}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_make_room_where_there_may_be_few() {
    let service = Service::with(Store::Sqlite, Front::Combined, &["--max-connections", "16"]).await;
    let address = service.server.address("http");
    is_served(&service.rest(), address).await;
}

/// A connection with a watch is not idle, however long ago the watch began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_with_watches_stay_while_idle_ones_make_room() {
    let service = Service::with(Store::Sqlite, Front::Combined, &["--max-connections", "16"]).await;
    service.create("x", "{}").await;
    let grpc = Connection::open(service.server.address("grpc"), 65_535).await;
    let watch = framed(false, &everything("").encode_to_vec());
    let watch = grpc.call("WatchChannelSessions", &[], Some(watch), true).await;
    assert_eq!(within("a watch", watch.response).await.unwrap().status(), 200);
    let rest = Connection::open(service.server.address("http"), 65_535).await;
    let events = rest.get("/events").await;
    assert_eq!(within("an event stream", events.response).await.unwrap().status(), 200);
    let address = service.server.address("http");
    is_served(&service.rest(), address).await;
    // Neither was asked to end: both take calls.
    let update = framed(false, &set("x", "n", "Number", 1).encode_to_vec());
    let call = grpc.try_call("UpdateData", update).await.expect("the connection stays");
    within("an answer", call.status()).await.expect("it takes calls");
    let get = rest.get("/channel-sessions/x").await;
    assert_eq!(within("an answer", get.response).await.unwrap().status(), 200);
}

/// Whoever comes beside a hundred connections that do nothing, each on a connection of its own.
async fn is_served(rest: &Rest, address: std::net::SocketAddr) {
    let idle: Vec<_> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
    for _ in 0..20 {
        let id = "64e2f08a6155b317cd3f88fd";
        let new = Rest::new(address);
        assert_eq!(new.get(id).await.revision(), 1);
        let history = new.send(Method::GET, &format!("/channel-sessions/{id}/history"), "", &[]).await;
        assert_eq!(history.status, 200, "{history:?}");
    }
    assert!(rest.is_ready().await);
    drop(idle);
}

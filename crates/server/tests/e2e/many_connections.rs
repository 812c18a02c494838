//! More connections than there is room for: idle ones end, and whoever comes is served.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
};

use http::Method;
use prost::Message;
use tonic::{Code, Status};

use crate::support::{
    Rest, Service, Store,
    caller::set,
    http2::{Connection, framed},
    process::Process,
    service::Front,
    timeout::within,
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
    let server = with_few_files(&[&serve[..], &addresses].concat());
    server.says("ready");
    is_served(&Rest::new(server.address("http")), server.address("http")).await;
    assert!(server.log().iter().any(|line| line.to_string().contains("open files")), "{:?}", server.log());
}

/// A process that may have few files.
fn with_few_files(arguments: &[&str]) -> Process {
    let program = Process::command(arguments);
    let mut limited = Command::new("bash");
    limited.args(["-c", &format!("ulimit -n {FILES}; exec \"$0\" \"$@\"")]).env_clear();
    limited.arg(program.get_program()).args(program.get_args()).stdin(Stdio::null());
    Process::spawn(limited)
}

/// A gateway alone has a file for each event stream beside that of its caller: more streams are refused, and calls go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_streams_of_a_gateway_alone_leave_files_for_calls() {
    let service = Service::start(Store::Sqlite).await;
    let grpc = service.server.address("grpc").to_string();
    let addresses = ["--grpc-addr", &grpc, "--http-addr", "127.0.0.1:0"];
    let gateway = with_few_files(&[&["gateway", "--lame-duck", "0s"], &addresses[..]].concat());
    let address = gateway.address("http");
    let streams = Connection::open(address, 65_535).await;
    let mut begun = Vec::new();
    for _ in 0..50 {
        let stream = streams.get("/events").await;
        begun.push(within("an answer", stream.response).await.unwrap());
    }
    let refused = begun.iter().filter(|stream| stream.status() == 429).count();
    let served = begun.iter().filter(|stream| stream.status() == 200).count();
    assert!(served > 8 && refused > 8 && served + refused == begun.len(), "{served}, {refused}");
    is_served(&Rest::new(address), address).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_make_room_where_there_may_be_few() {
    let service = Service::with(Store::Sqlite, Front::Combined, &["--max-connections", "16"]).await;
    let address = service.server.address("http");
    is_served(&service.rest(), address).await;
}

/// Connections on which half of a request's head has come are idle, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_heads_make_room_where_there_may_be_few() {
    let service = Service::with(Store::Sqlite, Front::Combined, &["--max-connections", "16"]).await;
    let address = service.server.address("http");
    for head in half_heads(1) {
        is_served_beside(&head, &service.rest(), address).await;
    }
}

/// Nothing is known yet of who sends them, so they take little of the memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_heads_take_little_memory() {
    const CONNECTIONS: usize = 800;
    const EACH: u64 = 48 * 1024;
    for head in half_heads(60) {
        let service = Service::start(Store::Sqlite).await;
        let address = service.server.address("http");
        let before = service.server.peak_memory();
        let open: Vec<_> = (0..CONNECTIONS).map(|_| send(address, &head)).collect();
        assert!(service.rest().is_ready().await);
        let grown = service.server.peak_memory() - before;
        assert!(grown < EACH * CONNECTIONS as u64, "{} kB each", grown / 1024 / CONNECTIONS as u64);
        drop(open);
    }
}

/// The beginning of a head with so many headers of a kilobyte, over HTTP/1.1 and over HTTP/2.
fn half_heads(headers: usize) -> [Vec<u8>; 2] {
    let value = "a".repeat(1000);
    let plain = (0..headers).map(|at| format!("x-{at}: {value}\r\n"));
    let plain = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}", plain.collect::<String>());
    // A value of so many bytes begins with 127 and what is more than that in groups of seven bits.
    let packed = (0..headers).flat_map(|at| {
        let name = format!("x-{at}");
        [&[0, name.len() as u8], name.as_bytes(), &[127, 0x80 | 105, 6], value.as_bytes()].concat()
    });
    let packed: Vec<_> = packed.collect();
    let frame = |kind: u8, stream: u8, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, stream], payload].concat()
    };
    let mut frames = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(4, 0, b"")[..]].concat();
    for (at, part) in packed.chunks(16_000).enumerate() {
        let kind = if at == 0 { 1 } else { 9 };
        frames.extend(frame(kind, 1, part));
    }
    [plain.into_bytes(), frames]
}

fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    // It may be closed before it has taken all.
    let _ = stream.write_all(bytes);
    stream
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

/// What needs no credentials, and may last for as long as its caller likes, keeps no connection from those who call: all could be
/// kept by that. It learns that it may go on elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_health_and_reflection_make_room_where_there_may_be_few() {
    for method in [
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        let service = Service::with(Store::Sqlite, Front::Combined, &["--max-connections", "16"]).await;
        let (grpc, http) = (service.server.address("grpc"), service.server.address("http"));
        let is_watch = method.ends_with("Watch");
        let mut open = Vec::new();
        for _ in 0..16 {
            let connection = Connection::open(grpc, 65_535).await;
            let call = connection.call(method, &[], is_watch.then(|| framed(false, b"")), is_watch).await;
            let answer = within("a stream", call.response).await.unwrap();
            assert!(Status::from_header_map(answer.headers()).is_none(), "{method}: {answer:?}");
            open.push((connection, answer.into_body(), call.stream));
        }
        is_served(&service.rest(), http).await;
        // Those that were there first have ended, with a status.
        let (_connection, mut first, _) = open.swap_remove(0);
        let end = async {
            while first.data().await.is_some_and(|data| data.is_ok()) {}
            first.trailers().await
        };
        let trailers = within("the end of a stream", end).await.unwrap().expect("trailers");
        assert_eq!(Status::from_header_map(&trailers).unwrap().code(), Code::Unavailable, "{trailers:?}");
    }
}

/// Whoever comes beside a hundred connections that do nothing, each on a connection of its own.
async fn is_served(rest: &Rest, address: SocketAddr) {
    is_served_beside(b"", rest, address).await;
}

/// The same where so much has come on each of them.
async fn is_served_beside(sent: &[u8], rest: &Rest, address: SocketAddr) {
    let idle: Vec<_> = (0..100).map(|_| send(address, sent)).collect();
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

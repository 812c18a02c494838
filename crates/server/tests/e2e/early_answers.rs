//! Answers that are given before the request's body has been read to its end, and the connection after them.

use std::{io::ErrorKind, time::Duration};

use channel_session_api::v1::DeleteChannelSessionRequest;
use http::Method;
use tonic::Code;

use crate::support::{
    Rest, Service, Store,
    connection::{Connection, request},
    http2,
    nginx::{Nginx, Pass},
    on_both_stores,
    service::connect,
    timeout::within,
};

on_both_stores!(the_next_call_on_the_connection_is_answered);

const TEXT: &str = "Content-Type: text/plain";
const JSON: &str = "Content-Type: application/json";

/// Method, path, header and status of what is answered without a look at the body.
const EARLY: [(&str, &str, &str, u16); 9] = [
    ("PUT", "/forms/x", TEXT, 415),
    ("PATCH", "/channel-sessions/x", TEXT, 415),
    ("POST", "/forms/x", JSON, 405),
    ("POST", "/no/such/path", JSON, 404),
    ("PUT", "/forms", JSON, 400),
    ("PUT", "/forms/%2e%2e", JSON, 400),
    ("PUT", "/channel-sessions/x?what=1", JSON, 400),
    ("DELETE", "/channel-sessions/none", JSON, 404),
    ("GET", "/healthz", JSON, 200),
];

async fn the_next_call_on_the_connection_is_answered(store: Store) {
    let service = Service::start(store).await;
    let address = service.server.address("http");
    // More than one read of the service's brings, and than the system keeps for it.
    for size in [100, 64 * 1024, 1 << 20] {
        let body = "x".repeat(size);
        for (method, path, header, status) in EARLY {
            let mut connection = Connection::open(address).await;
            let early = request(method, path, &[header], &body);
            let (head, rest) = split_at_body(&early);
            for _ in 0..3 {
                // The body comes when the answer may be there already.
                connection.send(head).await.unwrap();
                tokio::task::yield_now().await;
                let early =
                    connection.call(rest).await.unwrap_or_else(|error| panic!("{path} {size}: {error}"));
                assert_eq!(early.status, status, "{method} {path}: {early:?}");
                assert!(!early.closes(), "{method} {path} {size}: {early:?}");
                let good = connection.call(request("GET", "/healthz", &[], "")).await.unwrap();
                assert_eq!(good.status, 200, "{method} {path}");
            }
        }
    }
}

/// A request in two parts, its head and its body.
fn split_at_body(request: &str) -> (&str, &str) {
    request.split_at(request.find("\r\n\r\n").unwrap() + 4)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_to_read_is_answered_before_the_connection_closes() {
    let service = Service::start(Store::Sqlite).await;
    let address = service.server.address("http");
    let body = "x".repeat(16 << 20);
    let large = request("POST", "/no/such/path", &[JSON], &body);
    let chunk = "x".repeat(1 << 20);
    let head = "POST /no/such/path HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunks = format!("100000\r\n{chunk}\r\n").repeat(16) + "0\r\n\r\n";
    let update = "PUT /forms/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (name, bytes, status) in [
        ("announced", large, 404),
        ("over the limit, announced", request("PUT", "/forms/x", &[JSON], &body), 413),
        ("over the limit, in chunks", format!("{update}{chunks}"), 413),
        ("in chunks", format!("{head}{chunks}"), 404),
        // What the HTTP library answers itself.
        ("a head without an end", format!("GET / HTTP/1.1\r\nX: {}", &body[..4 << 20]), 431),
        ("no HTTP", format!("no such thing\r\n\r\n{}", &body[..4 << 20]), 400),
    ] {
        for _ in 0..10 {
            let mut connection = Connection::open(address).await;
            // A caller that sends all of it before it reads: it may be stopped, but not lose the answer.
            match connection.send(&bytes).await {
                Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe) => {}
                sent => sent.unwrap_or_else(|error| panic!("{name}: {error}")),
            }
            let reply =
                within(name, connection.reply()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((reply.status, reply.closes()), (status, true), "{name}: {reply:?}");
            assert!(connection.is_closed().await.unwrap(), "{name}");
        }
    }
}

/// Over HTTP/2 a body that is over the limit, but not far, is read before its answer: no reset comes between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_http2_comes_after_the_body() {
    let service = Service::start(Store::Sqlite).await;
    let http2 = http2::Connection::open(service.server.address("http"), 65_535).await;
    for (content_type, status) in [("application/json", 413), ("text/plain", 415)] {
        let mut call = http2.put("/forms/x", content_type).await;
        within("all is taken", call.send_all(" ".repeat(2 << 20).into())).await.unwrap();
        let answer = within("an answer", call.response).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
}

/// A caller that has paused, and goes on with its body when the answer is there already, does not lose it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_outlasts_the_body_of_a_caller_that_paused() {
    let service = Service::start(Store::Sqlite).await;
    let early = request("PUT", "/forms/x", &[TEXT], &"x".repeat(1 << 20));
    let (head, body) = split_at_body(&early);
    let mut connection = Connection::open(service.server.address("http")).await;
    connection.send(head).await.unwrap();
    within("an answer", connection.is_answered()).await.unwrap();
    // As far away as it takes for the service to have closed its side.
    tokio::time::sleep(Duration::from_millis(100)).await;
    for piece in body.as_bytes().chunks(64 * 1024).take(4) {
        connection.send(piece).await.unwrap();
    }
    let reply = within("an answer", connection.reply()).await.unwrap();
    assert_eq!((reply.status, reply.closes()), (415, true), "{reply:?}");
}

/// A body that does not come is not waited for, and one that was not asked for yet is not asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_come_does_not_hold_up_the_answer() {
    let service = Service::start(Store::Sqlite).await;
    let address = service.server.address("http");
    for header in ["X-None: 1", "Expect: 100-continue"] {
        let mut connection = Connection::open(address).await;
        let early = request("PUT", "/forms/x", &[TEXT, header], &"x".repeat(1 << 20));
        let reply = within(header, connection.call(split_at_body(&early).0)).await.unwrap();
        assert_eq!((reply.status, reply.closes()), (415, true), "{header}: {reply:?}");
        assert!(within(header, connection.is_closed()).await.unwrap(), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_keeps_connections_gets_every_answer() {
    let service = Service::start(Store::Sqlite).await;
    let nginx = Nginx::before(service.server.address("http"), Pass::Http).await;
    let rest = Rest::new(nginx.address());
    for size in [64 * 1024, 1 << 20, 8 << 20] {
        let body = "x".repeat(size);
        for round in 0..20 {
            let text = [("content-type", "text/plain")];
            let early = rest.send(Method::PUT, "/forms/x", body.clone(), &text).await;
            assert_eq!(early.status, 415, "{size}, {round}: {}", nginx.log());
            let good = rest.get("64e2f08a6155b317cd3f88fd").await;
            assert_eq!(good.status, 200, "{size}, {round}: {}", nginx.log());
        }
    }
}

/// Both ways through nginx are open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_passes_calls_on() {
    let service = Service::start(Store::Sqlite).await;
    let nginx = Nginx::before(service.server.address("http"), Pass::Http).await;
    let answer = Rest::new(nginx.address()).send(Method::GET, "/readyz", "", &[]).await;
    assert_eq!(answer.status, 200, "{}", nginx.log());
    let nginx = Nginx::before(service.server.address("grpc"), Pass::Grpc).await;
    let status =
        connect(nginx.address()).await.delete_channel_session(DeleteChannelSessionRequest::default()).await;
    assert_eq!(status.map_err(|status| status.code()).err(), Some(Code::InvalidArgument), "{}", nginx.log());
}

/// Where a body is not divided as it should be, nobody knows where it ends, and the next request begins.
#[tokio::test]
async fn an_answer_to_a_body_that_cannot_be_read_is_the_last_one() {
    let service = Service::start(Store::Sqlite).await;
    let mut connection = Connection::open(service.rest().address()).await;
    let head = "PUT /forms/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let reply = connection.call(format!("{head}2\r\n[]\r\nzz\r\n")).await.unwrap();
    assert_eq!(reply.status, 400, "{reply:?}");
    assert!(reply.closes() && reply.body.contains("MALFORMED_BODY"), "{reply:?}");
    assert!(within("the end", connection.is_closed()).await.unwrap());
}

//! Pages in browsers: one of a foreign origin changes nothing, one that has rebound its name reads nothing, and one of a listed
//! origin is served.

use std::net::SocketAddr;

use http::Method;

use crate::support::{
    Front, Service, Sse, Store,
    connection::{Connection, request},
    http2, raw,
    timeout::within,
};

const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;
const ID: &str = "64e2f08a6155b317cd3f88fd";
const APP: &str = "https://app.example";

/// The status of a request over HTTP/1.1 with these lines in its head.
async fn status(address: SocketAddr, method: &str, path: &str, head: &[&str], body: &str) -> u16 {
    let text = request(method, path, head, body).replacen("Host: localhost\r\n", "", 1);
    Connection::open(address).await.call(text).await.unwrap().status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_page_changes_nothing_and_reads_nothing() {
    for front in [Front::Combined, Front::Alone] {
        let service = Service::with(Store::Sqlite, front, &[]).await;
        let address = service.rest().address();
        let own = format!("Host: {address}");
        let json = "Content-Type: application/json";
        let foreign = [
            "Origin: http://evil.example",
            "Origin: null",
            "Origin: http://localhost:3000",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
        ];
        let requests = [
            ("PUT", format!("/forms/{ID}"), ONE),
            ("PUT", "/channel-sessions/new".to_owned(), "{}"),
            ("POST", "/channel-sessions".to_owned(), r#"{"id":"new"}"#),
            ("POST", format!("/channel-sessions/{ID}/end"), r#"{"reasonCode":"AGENT"}"#),
            ("POST", "/batch-update-data".to_owned(), r#"{"requests":[]}"#),
            ("PATCH", format!("/channel-sessions/{ID}"), r#"{"removeKeys":["name"]}"#),
            ("DELETE", format!("/channel-sessions/{ID}"), ""),
        ];
        for (method, path, body) in &requests {
            for line in foreign {
                assert_eq!(
                    status(address, method, path, &[&own, json, line], body).await,
                    403,
                    "{method} {line}"
                );
            }
            // A name that leads here, and is not the service's.
            let rebound = ["Host: evil.example:8080", "Origin: http://evil.example:8080", json];
            assert_eq!(status(address, method, path, &rebound, body).await, 403, "{method} {path}");
        }
        for path in ["/channel-sessions", "/events", "/readyz", "/nowhere"] {
            assert_eq!(status(address, "GET", path, &["Host: evil.example:8080"], "").await, 403, "{path}");
        }
        let untouched = service.rest().get(ID).await;
        assert_eq!(untouched.revision(), 1);
        assert_eq!(service.rest().get("new").await.status, 404);
        // What names the service, and its own pages.
        let put = format!("/forms/{ID}");
        for host in
            ["localhost:8080", "channel-sessions", "sessions.ns.svc.cluster.local", "192.0.2.1:8080", "[::1]"]
        {
            let (host, origin) = (format!("Host: {host}"), format!("Origin: http://{host}"));
            assert_eq!(status(address, "PUT", &put, &[&host, &origin], ONE).await, 200, "{host}");
            assert_eq!(status(address, "PUT", &put, &[&host], ONE).await, 200, "{host}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listed_names_and_origins_are_served() {
    for front in [Front::Combined, Front::Alone] {
        let flags = ["--allowed-hosts", "sessions.example", "--cors-origins", APP];
        let service = Service::with_front(Store::Sqlite, front, &flags, &flags).await;
        let rest = service.rest();
        let listed = ["Host: sessions.example"];
        assert_eq!(status(rest.address(), "GET", "/channel-sessions", &listed, "").await, 200);
        assert_eq!(
            status(rest.address(), "GET", "/channel-sessions", &["Host: other.example"], "").await,
            403
        );
        let origin = ("origin", APP);
        let asked = [origin, ("access-control-request-method", "PUT")];
        let preflight = rest.send(Method::OPTIONS, &format!("/forms/{ID}"), "", &asked).await;
        assert_eq!(
            (preflight.status.as_u16(), &preflight.headers["access-control-allow-origin"]),
            (204, &APP.parse().unwrap())
        );
        let updated = rest.send(Method::PUT, &format!("/forms/{ID}"), ONE, &[origin]).await;
        assert_eq!(
            (updated.revision(), &updated.headers["access-control-allow-origin"]),
            (2, &APP.parse().unwrap())
        );
        let events = within("a stream", rest.request(Method::GET, "/events", "", &[origin])).await.unwrap();
        assert_eq!(events.headers()["access-control-allow-origin"], APP);
        drop(events);
        // Those without an origin are served as ever.
        drop(Sse::open(&rest, "").await);
        let evil =
            rest.send(Method::PUT, &format!("/forms/{ID}"), ONE, &[("origin", "https://evil.example")]).await;
        assert_eq!((evil.status.as_u16(), &*evil.failure().reason), (403, "PERMISSION_DENIED"));
    }
}

/// What a page can send without asking first has one of these types, or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_of_grpc_takes_nothing_that_a_page_can_send() {
    let service = Service::start(Store::Sqlite).await;
    let address = service.server.address("grpc");
    let path = "/channelsession.v1.ChannelSessionService/DeleteChannelSession";
    let simple = [
        None,
        Some("text/plain"),
        Some("text/plain;application/grpc"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=application/grpc"),
    ];
    let message = format!("\n\u{18}{ID}");
    for content_type in simple {
        let connection = http2::Connection::open(address, 65_535).await;
        let body = http2::framed(false, message.as_bytes());
        let call = connection.post(path, content_type, body).await;
        assert_eq!(call.response.await.unwrap().status().as_u16(), 415, "{content_type:?}");
        let line = content_type.map(|it| format!("Content-Type: {it}"));
        let head: Vec<&str> = ["Host: localhost"].into_iter().chain(line.as_deref()).collect();
        assert_eq!(status(address, "POST", path, &head, &message).await, 505, "{content_type:?}");
    }
    assert_eq!(service.rest().get(ID).await.status, 200);
    // The same message as a call is one.
    assert_eq!(raw::call(address, "DeleteChannelSession", message, &[]).await.code(), tonic::Code::Ok);
    assert_eq!(service.rest().get(ID).await.status, 404);
}

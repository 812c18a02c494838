//! What REST callers are answered has their own words: the headers, parameters and members that they sent, what would
//! be right, and the statuses and headers that HTTP has for it.

use http::Method;

use crate::support::{
    Front, Rest, Service, Store,
    connection::{Connection, request},
    on_both_stores,
    rest::Answer,
};

on_both_stores!(
    a_field_has_the_name_under_which_it_came,
    a_precondition_of_http_fails_as_http_says,
    an_id_has_one_path,
);

const PATCH: &str = "/channel-sessions/x";
const JSON: (&str, &str) = ("content-type", "application/json");

async fn call(rest: &Rest, method: Method, path: &str, body: &str, header: (&str, &str)) -> Answer {
    rest.send(method, path, body.to_owned(), &[JSON, header]).await
}

async fn a_field_has_the_name_under_which_it_came(store: Store) {
    let service = Service::with(store, Front::Alone, &[]).await;
    service.create("x", r#"{"id":"x"}"#).await;
    let none = ("x-none", "");
    for rest in [service.rest(), Rest::new(service.server.address("http"))] {
        let call =
            async |method, path: &str, body: &str, header| call(&rest, method, path, body, header).await;
        for (answer, field) in [
            (call(Method::GET, "/channel-sessions?pageSize=-1", "", none).await, "pageSize"),
            (call(Method::GET, "/channel-sessions?pageToken=no", "", none).await, "pageToken"),
            (call(Method::GET, "/channel-sessions?customerId=%00", "", none).await, "customerId"),
            (call(Method::GET, "/channel-sessions/x/history?pageSize=-1", "", none).await, "pageSize"),
            (call(Method::GET, "/events?key=a&key=", "", none).await, "key"),
            (call(Method::GET, "/events?channelSessionId=", "", none).await, "channelSessionId"),
            (call(Method::GET, "/channel-sessions?conversationId=", "", none).await, "conversationId"),
            (call(Method::GET, "/channel-sessions/x/history?key=", "", none).await, "key"),
            (call(Method::GET, "/events?position=no", "", none).await, "position"),
            (call(Method::GET, "/events", "", ("last-event-id", "no")).await, "Last-Event-ID"),
            (call(Method::PUT, "/forms/x", "[]", ("if-match", "1")).await, "If-Match"),
            (call(Method::PUT, "/forms/x", "[]", ("idempotency-key", "a b")).await, "Idempotency-Key"),
            (call(Method::DELETE, "/channel-sessions/x", "", ("if-match", "x")).await, "If-Match"),
            (call(Method::PUT, "/channel-sessions/x", "{}", ("if-match", "1")).await, "If-Match"),
            (call(Method::PATCH, "/channel-sessions/x", r#"{"etag":"1"}"#, none).await, "etag"),
            (call(Method::PATCH, "/channel-sessions/x", r#"{"requestId":"a b"}"#, none).await, "requestId"),
            (
                call(Method::PATCH, "/channel-sessions/x", r#"{"removeKeys":[""]}"#, none).await,
                "removeKeys[0]",
            ),
            (call(Method::POST, "/channel-sessions/x/end", "{}", none).await, "reasonCode"),
            (call(Method::GET, "/channel-sessions?conversationId=c&pagesize=1", "", none).await, "pagesize"),
        ] {
            let failure = answer.failure();
            assert_eq!((answer.status.as_u16(), &*failure.violations[0].field), (400, field), "{failure:?}");
            assert!(failure.detail.starts_with(&format!("{field} ")), "{failure:?}");
            assert!(!answer.body.replace("page_token\"", "").contains("_id "), "{answer:?}");
        }
        let exact = r#"{"attributes":[{"key":"k","type":"Number","valueJson":"0.10"}],"requestId":"used"}"#;
        let answer = call(Method::PATCH, PATCH, exact, none).await;
        assert!(answer.document().contains(r#""value":0.10"#), "{answer:?}");
        for (path, body, reason, begin) in [
            ("/channel-sessions", "[]", "INVALID_DOCUMENT", "body must be"),
            ("/channel-sessions", r#"{"id":"."}"#, "INVALID_CHANNEL_SESSION_ID", "a channel session id must"),
            ("/channel-sessions", r#"{"id":"z","document":"\u0000"}"#, "INVALID_DOCUMENT", "document "),
            ("/forms/x", "{}", "MALFORMED_BODY", "the body must be a JSON list"),
            ("/forms/x", "[", "MALFORMED_BODY", "the body is not JSON"),
            (PATCH, r#"{"attributesJson":"{}"}"#, "MALFORMED_BODY", "attributesJson must be a JSON list"),
            (PATCH, r#"{"attributesJson":""}"#, "MALFORMED_BODY", "attributesJson is not JSON"),
            (
                PATCH,
                r#"{"attributes":[{"key":"k","type":"Number","valueJson":"{"}]}"#,
                "INVALID_ATTRIBUTES",
                "attributes[0].valueJson must be JSON",
            ),
            (PATCH, r#"{"attributes":[],"requestId":"used"}"#, "REQUEST_ID_REUSED", "the requestId used "),
        ] {
            let method = match path {
                PATCH => Method::PATCH,
                "/forms/x" => Method::PUT,
                _ => Method::POST,
            };
            let failure = call(method, path, body, none).await.failure();
            assert_eq!(failure.reason, reason, "{body}: {failure:?}");
            assert!(failure.detail.starts_with(begin), "{body}: {failure:?}");
        }
        let answer = call(Method::GET, "/channel-sessions?limit=1", "", none).await;
        let known = "pageSize, pageToken, conversationId, customerId, channelType, active";
        assert!(answer.failure().detail.contains(known), "{answer:?}");
        let batch = r#"{"requests":[{"channelSessionId":"x","removeKeys":["k",""]}]}"#;
        let answer = call(Method::POST, "/batch-update-data", batch, none).await;
        assert!(answer.document().contains(r#""field":"removeKeys[1]""#), "{answer:?}");
    }
}

async fn a_precondition_of_http_fails_as_http_says(store: Store) {
    let service = Service::start(store).await;
    let rest = service.rest();
    service.create("x", r#"{"id":"x"}"#).await;
    let exists = "CHANNEL_SESSION_EXISTS";
    for (method, path, header, status) in [
        (Method::PUT, "/channel-sessions/x", ("if-none-match", "*"), 412),
        (Method::PUT, "/channel-sessions/x?validateOnly=true", ("if-none-match", "*"), 412),
        (Method::POST, "/channel-sessions", ("if-none-match", "*"), 412),
        (Method::POST, "/channel-sessions", ("x-none", ""), 409),
    ] {
        let answer = call(&rest, method, path, r#"{"id":"x"}"#, header).await;
        let problem = (answer.status.as_u16(), answer.failure().reason);
        assert_eq!(problem, (status, exists.to_owned()), "{path} {header:?}");
    }
    assert_eq!(rest.get("x").await.revision(), 1);
}

/// What is not an escape could otherwise name the session that its escaped form names too.
async fn an_id_has_one_path(store: Store) {
    let service = Service::start(store).await;
    let rest = service.rest();
    service.create("p%zz", "{}").await;
    let at = async |path| rest.send(Method::GET, path, "", &[]).await.status.as_u16();
    assert_eq!(at("/channel-sessions/p%25zz").await, 200);
    assert_eq!(at("/channel-sessions/p%zz").await, 400);
    assert_eq!(at("/channel-sessions/p%25zz%").await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_hears_what_would_be_taken() {
    let service = Service::start(Store::Sqlite).await;
    let rest = service.rest();
    for (method, path, header, expected) in [
        (
            Method::POST,
            "/channel-sessions",
            ("content-type", "text/plain"),
            ("accept-post", "application/json"),
        ),
        (
            Method::PATCH,
            "/channel-sessions/x",
            ("content-type", "application/merge-patch+json"),
            ("accept-patch", "application/json"),
        ),
        (Method::PUT, "/forms/x", ("content-type", "text/plain"), ("accept", "application/json")),
        (Method::PUT, "/forms/x", ("content-encoding", "br"), ("accept-encoding", "identity")),
    ] {
        let answer = rest.send(method, path, "{}", &[header]).await;
        assert_eq!(answer.status, 415, "{path}");
        assert_eq!(
            answer.headers.get(expected.0).map(http::HeaderValue::as_bytes),
            Some(expected.1.as_bytes())
        );
    }
    let detail = async |method, path| rest.send(method, path, "", &[]).await.failure().detail;
    assert!(detail(Method::GET, "/forms/a%2Fb/").await.contains("/forms/a%2Fb is one"));
    assert!(detail(Method::GET, "/Channel-Sessions").await.contains("/channel-sessions is one"));
    assert!(detail(Method::GET, "/forms/x").await.contains("it takes PUT"));
    assert!(detail(Method::POST, "/channel-sessions/x").await.contains("GET, HEAD, PUT, PATCH, DELETE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_taken_as_editors_and_clients_write_it() {
    let service = Service::start(Store::Sqlite).await;
    let rest = service.rest();
    let marked = "\u{feff}[]";
    for (name, header) in [("byte order mark", ("x-none", "")), ("coding", ("content-encoding", "Identity"))]
    {
        let answer = call(&rest, Method::PUT, "/forms/64e2f08a6155b317cd3f88fd", marked, header).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
    let created = rest.create("\u{feff}{\"id\":\"marked\"}").await;
    assert_eq!(created.status, 201, "{created:?}");
    let wide: Vec<u8> = "\u{feff}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let failure = rest.update("64e2f08a6155b317cd3f88fd", wide).await.failure();
    assert_eq!(failure.reason, "MALFORMED_BODY");
    assert!(failure.detail.contains("UTF-16"), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_for_one_host() {
    let service = Service::start(Store::Sqlite).await;
    let mut connection = Connection::open(service.server.address("http")).await;
    for head in [
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET http://localhost/healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
    ] {
        let reply = connection.call(head).await.unwrap();
        assert_eq!(reply.status, 400, "{head}");
        assert!(reply.body.contains(r#""field":"Host""#), "{reply:?}");
    }
    assert_eq!(connection.call(request("GET", "/healthz", &[], "")).await.unwrap().status, 200);
    assert_eq!(connection.call("GET /healthz HTTP/1.0\r\n\r\n").await.unwrap().status, 200);
}

//! What comes to the ports that is no call, or a call with what calls do not bear: refused, with a reason.

use std::net::SocketAddr;

use axum::body::Body;
use futures_util::stream;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::{client::legacy, rt::TokioExecutor};
use prost::Message;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};

use crate::support::{Failure, Front, Service, Store, caller::set, raw, service::channel, timeout::within};

const UPDATE_DATA: &str = "/channelsession.v1.ChannelSessionService/UpdateData";

/// Sends a request as it is, over HTTP/2 or HTTP/1.1.
async fn send(
    address: SocketAddr,
    over_http2: bool,
    (method, path): (Method, &str),
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> (StatusCode, HeaderMap, String) {
    let client = legacy::Client::builder(TokioExecutor::new()).http2_only(over_http2).build_http();
    let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, body) = client.request(request.body(body.into()).unwrap()).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (parts.status, parts.headers, String::from_utf8(body).unwrap())
}

/// A message as gRPC frames it.
fn framed(message: &impl Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    frame
}

#[tokio::test]
async fn what_is_not_grpc_is_refused_at_its_port_and_not_executed() {
    let service = Service::start(Store::Sqlite).await;
    let address = service.server.address("grpc");
    service.create("x", "{}").await;
    let body = framed(&set("x", "k", "Number", 1));
    let post = (Method::POST, UPDATE_DATA);
    for content_type in
        ["application/json", "application/grpc+json", "application/grpc-web+proto", "text/plain"]
    {
        let headers = [("content-type", content_type), ("te", "trailers")];
        let (status, headers, text) = send(address, true, post.clone(), &headers, body.clone()).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}: {text}");
        assert_eq!(headers["accept-post"], "application/grpc");
        assert!(text.contains("gRPC"), "{text}");
    }
    let (status, ..) = send(address, true, post.clone(), &[], body.clone()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "without a content type");
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let headers = [("content-type", "application/grpc")];
        let (status, headers, text) =
            send(address, true, (method, UPDATE_DATA), &headers, body.clone()).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{text}");
        assert_eq!(headers["allow"], "POST");
    }
    for (request, body) in [(post, body), ((Method::GET, "/"), vec![]), ((Method::GET, "/healthz"), vec![])] {
        let headers = [("content-type", "application/grpc")];
        let (status, headers, text) = send(address, false, request, &headers, body).await;
        assert_eq!(status, StatusCode::HTTP_VERSION_NOT_SUPPORTED, "{text}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert!(text.contains("gRPC") && text.contains("--http-addr"), "{text}");
    }
    assert_eq!(service.rest().get("x").await.revision(), 1, "nothing was executed");
    service.grpc().await.update_data(set("x", "k", "Number", 1)).await.unwrap();
}

#[tokio::test]
async fn headers_have_one_limit_everywhere_and_a_reason_beyond_it() {
    let service = Service::start(Store::Sqlite).await;
    let (rest, grpc) = (service.rest().address(), service.server.address("grpc"));
    service.create("x", "{}").await;
    let many: Vec<(String, &str)> = (0..90).map(|at| (format!("h{at}"), "v")).collect();
    let too_many: Vec<(String, &str)> = (0..120).map(|at| (format!("h{at}"), "v")).collect();
    let borrowed = |headers: &'_ [(String, &'static str)]| -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect()
    };
    let cookie = |size: usize| vec![("cookie".to_owned(), "c".repeat(size))];
    for (headers, is_fine) in [
        (cookie(15_000), true),
        (borrowed(&many), true),
        (cookie(17_000), false),
        (cookie(60_000), false),
        (borrowed(&too_many), false),
        ((0..90).map(|at| (format!("h{at}"), "v".repeat(200))).collect(), false),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let size = format!("{} headers", headers.len());
        for over_http2 in [false, true] {
            let request = (Method::GET, "/channel-sessions/x");
            let (status, answered, text) = send(rest, over_http2, request, &headers, "").await;
            let expected = if is_fine { 200 } else { 431 };
            assert_eq!(status.as_u16(), expected, "{size}, over HTTP/2: {over_http2}: {text}");
            if !is_fine {
                assert_eq!(answered["content-type"], "application/problem+json");
                assert!(text.contains("REQUEST_TOO_LARGE"), "{text}");
            }
        }
        let status =
            raw::call(grpc, "UpdateData", set("x", "k", "Number", 1).encode_to_vec(), &headers).await;
        if is_fine {
            assert_eq!(status.code(), Code::Ok, "{size}: {status:?}");
        } else {
            let failure = (status.code(), Failure::from_status(&status).reason);
            assert_eq!(failure, (Code::OutOfRange, "REQUEST_TOO_LARGE".to_owned()), "{size}");
        }
    }
    let long = format!("/forms/{}", "a".repeat(20_000));
    for over_http2 in [false, true] {
        let (status, _, text) = send(rest, over_http2, (Method::PUT, &long), &[], "[]").await;
        assert_eq!(status.as_u16(), 431, "{text}");
    }
}

#[tokio::test]
async fn safeguards_among_the_metadata_are_refused_by_name() {
    let service = Service::start(Store::Sqlite).await;
    let address = service.server.address("grpc");
    service.create("x", "{}").await;
    for (name, value, instead) in [
        ("if-match", "\"7\"", "etag"),
        ("if-none-match", "*", "existing"),
        ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT", "etag"),
        ("idempotency-key", "51f0ab27", "request_id"),
        ("x-idempotency-key", "51f0ab27", "request_id"),
        ("prefer", "handling=strict", "view"),
        ("last-event-id", "p1~0", "position"),
    ] {
        let message = set("x", "k", "Number", 1).encode_to_vec();
        let status = raw::call(address, "UpdateData", message, &[(name, value)]).await;
        let failure = Failure::from_status(&status);
        assert_eq!((status.code(), &*failure.reason), (Code::InvalidArgument, "INVALID_PARAMETER"), "{name}");
        assert_eq!(failure.violations.len(), 1);
        assert_eq!(failure.violations[0].field, name);
        assert!(failure.violations[0].description.contains(instead), "{failure:?}");
    }
    assert_eq!(service.rest().get("x").await.revision(), 1, "nothing was changed");
}

#[tokio::test]
async fn safeguards_that_rest_does_not_have_are_refused_by_name() {
    let service = Service::start(Store::Sqlite).await;
    let rest = service.rest();
    service.create("x", "{}").await;
    let body = r#"[{"key":"k","type":"Number","value":1}]"#;
    for (name, value, instead) in [
        ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", "If-Match"),
        ("X-Idempotency-Key", "51f0ab27", "Idempotency-Key"),
        ("If-Range", "\"1\"", "If-Match"),
        ("ETag", "\"1\"", "If-Match"),
        ("Request-Id", "51f0ab27", "Idempotency-Key"),
        ("Validate-Only", "true", "validateOnly"),
    ] {
        for (method, path) in [
            (Method::PUT, "/forms/x"),
            (Method::DELETE, "/channel-sessions/x"),
            (Method::POST, "/batch-update-data"),
        ] {
            let headers = [("content-type", "application/json"), (name, value)];
            let answer = rest.send(method, path, body, &headers).await;
            assert_eq!(answer.status.as_u16(), 400, "{path}: {answer:?}");
            let failure = answer.failure();
            assert_eq!(
                (&*failure.reason, &*failure.violations[0].field),
                ("INVALID_PARAMETER", name),
                "{path}"
            );
            assert!(failure.violations[0].description.contains(instead), "{failure:?}");
        }
        assert_eq!(rest.get("x").await.revision(), 1, "nothing was changed");
    }
    // Nothing of a deletion is kept that would know it again.
    let answer =
        rest.send(Method::DELETE, "/channel-sessions/x", "", &[("idempotency-key", "51f0ab27")]).await;
    assert_eq!(answer.failure().violations[0].field, "Idempotency-Key");
    assert_eq!(rest.get("x").await.revision(), 1, "nothing was changed");
}

#[tokio::test]
async fn one_connection_watches_the_health_so_often_and_no_more() {
    let service = Service::start(Store::Sqlite).await;
    let mut health = HealthClient::new(channel(service.server.address("grpc")).await);
    let mut watches = Vec::new();
    for _ in 0..budget::Connection::MAX_LONG_STREAMS {
        watches.push(health.watch(HealthCheckRequest::default()).await.unwrap());
    }
    let refused = health.watch(HealthCheckRequest::default()).await.unwrap_err();
    assert_eq!(Failure::from_status(&refused).reason, "OVERLOADED");
    health.check(HealthCheckRequest::default()).await.unwrap();
    watches.pop();
    within("a permit", async {
        while health.watch(HealthCheckRequest::default()).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_watch_of_the_health_of_what_is_not_known_goes_on() {
    let service = Service::start(Store::Sqlite).await;
    let mut health = HealthClient::new(channel(service.server.address("grpc")).await);
    for (name, expected) in [
        ("", ServingStatus::Serving),
        ("channelsession.v1.ChannelSessionService", ServingStatus::Serving),
        ("nobody", ServingStatus::ServiceUnknown),
        ("channelsession.v1", ServingStatus::ServiceUnknown),
    ] {
        let request = HealthCheckRequest { service: name.to_owned() };
        let mut watch = health.watch(request).await.unwrap().into_inner();
        let first = watch.message().await.unwrap().unwrap();
        assert_eq!(first.status(), expected, "{name:?}");
        // It has not ended: there is nothing more to be had at once.
        assert!(futures_util::FutureExt::now_or_never(watch.message()).is_none(), "{name:?}");
    }
}

/// Whether reflection lists the services.
async fn lists_services(service: &Service) -> Result<bool, tonic::Status> {
    let channel = channel(service.server.address("grpc")).await;
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = ServerReflectionClient::new(channel)
        .server_reflection_info(stream::iter([asked]))
        .await?
        .into_inner();
    Ok(answers.message().await?.is_some())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reflection_can_be_closed() {
    assert!(lists_services(&Service::start(Store::Sqlite).await).await.unwrap());
    let closed = Service::with(Store::Sqlite, Front::Combined, &["--reflection", "off"]).await;
    let status = lists_services(&closed).await.expect_err("it is closed");
    assert_eq!(
        (status.code(), &*Failure::from_status(&status).reason),
        (tonic::Code::Unimplemented, "NOT_FOUND")
    );
    closed.grpc().await.update_data(set("64e2f08a6155b317cd3f88fd", "k", "Number", 1)).await.unwrap();
}

//! The routes over a service that does nothing: which call a request becomes, and what becomes of the answer.

mod browsers;
mod calls;
mod events;
mod fake;
mod memory;
mod network;
mod preferences;
mod refused;
mod table;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use fake::Fake;

fn options() -> Options {
    Options {
        body_timeout: Duration::from_secs(10),
        call_timeout: Duration::from_secs(10),
        max_concurrent_requests: 10,
        max_event_streams: 1,
        budget: budget::Budget::default(),
        access: ::access::Access::anybody(),
        browsers: Browsers::default(),
    }
}

/// A response that has been read to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }
}

/// Sends a request whose first line, headers and body are written as in HTTP.
async fn send(fake: &Fake, request: &str) -> Answer {
    let (status, headers, body) =
        open(&routes(fake.upstream(), options(), CancellationToken::new()), request).await;
    let body = to_bytes(body, usize::MAX).await.expect("the body is in memory");
    let body = String::from_utf8(body.into()).expect("the body is text");
    Answer { status: status.as_u16(), headers, body }
}

/// The same, up to the body.
async fn open(routes: &Router, request: &str) -> (StatusCode, HeaderMap, Body) {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let (method, uri) = lines.next().and_then(|line| line.split_once(' ')).expect("method and path");
    let mut request = Request::builder().method(method).uri(uri).header("Host", "localhost");
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header");
        request = request.header(name, value);
    }
    if !body.is_empty() {
        request = request.header("Content-Type", "application/json");
    }
    let request = request.body(Body::from(body.to_owned())).expect("a request");
    let (parts, body) = routes.clone().oneshot(request).await.expect("an answer").into_parts();
    (parts.status, parts.headers, body)
}

//! Cross-origin resource sharing (the Fetch standard): the pages of listed origins may read what they are answered, and ask
//! for what only a preflight allows.
//!
//! Nothing of it is there for other origins, and none stands for all. Browsers never send what they keep by themselves, such as
//! cookies and certificates: the answer that would let them is not given. Written out, since what there is for this answers
//! every OPTIONS alike, whichever path it is for.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{MethodFilter, on, put},
};
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN,
        VARY,
    },
};
use telemetry::call::{REQUEST_ID, TRACEPARENT};
use tower::ServiceExt;

use super::Origins;
use crate::operation::Operation;

/// How long a browser may go by an answer, in seconds. Too short, and each call costs two; too long, and an origin that
/// is taken off the list may go on asking.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// What a page may read of an answer beside what it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Allow, ETag, Location, Preference-Applied, Retry-After, WWW-Authenticate, X-Request-Id",
);

/// The answers to the pages of listed origins.
#[derive(Clone)]
pub(crate) struct Cors {
    origins: Origins,
    /// The paths, each with its methods.
    paths: Router,
    /// The headers that requests may have.
    headers: HeaderValue,
}

impl Cors {
    pub(crate) fn new(origins: Origins, operations: &[Operation]) -> Self {
        let paths = operations.iter().fold(Router::new(), |paths, operation| {
            let filter = MethodFilter::try_from(operation.method.clone()).expect("it is one of HTTP's own");
            paths.route(operation.path, on(filter, || async {}))
        });
        let paths = paths.route("/forms", put(|| async {})).route("/forms/", put(|| async {}));
        let common = ["Authorization", "Content-Type", REQUEST_ID, TRACEPARENT, "tracestate"];
        let mut names: Vec<&str> =
            operations.iter().flat_map(|operation| operation.headers.iter().copied()).collect();
        names.extend(common);
        names.sort_unstable();
        names.dedup();
        let headers = HeaderValue::try_from(names.join(", ")).expect("names of headers are ASCII");
        Self { origins, paths, headers }
    }

    /// The methods of a path; none if there is no such path.
    async fn methods(&self, path: &str) -> Option<HeaderValue> {
        // No path takes it, so the answer names those that it does take.
        let request = Request::builder().method(Method::OPTIONS).uri(path).body(Body::empty()).ok()?;
        let Ok(response) = self.paths.clone().oneshot(request).await;
        response.headers().get(ALLOW).cloned()
    }
}

pub(crate) async fn layer(State(cors): State<Arc<Cors>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).filter(|origin| cors.origins.allow(origin)).cloned();
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let methods = match &origin {
        Some(_) if is_preflight => cors.methods(request.uri().path()).await,
        _ => None,
    };
    let mut response = match methods {
        Some(methods) => preflight(methods, cors.headers.clone()),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_name(ORIGIN));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if !is_preflight {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
    response
}

fn preflight(methods: HeaderValue, headers: HeaderValue) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (ACCESS_CONTROL_ALLOW_HEADERS, headers),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

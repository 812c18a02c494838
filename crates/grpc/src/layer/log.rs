//! One line of log for each call, under its request id. Never a request's content.

mod body;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use body::Logged;
use http::HeaderMap;
use tonic::{Code, Status};
use tracing::Instrument;
use wire::log::{Call, REQUEST_ID, request_id};

pub(crate) use wire::log::trace_id;

use crate::status;

/// Logs calls that come in from outside, each when the last of its answer is written: a stream's line says how the stream
/// ended, and how long it lived. A caller's own request id is kept and sent back; others get one.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let method = super::method(&request).to_owned();
    let span = tracing::info_span!(
        "grpc",
        request_id = id.to_str().unwrap_or_default(),
        trace_id = trace_id(request.headers()).map(tracing::field::display),
        method
    );
    let call = Call::start(span.clone(), "Cancelled", super::is_ours(&request));
    if let Some(mut response) = super::foreign::refuse(&request) {
        response.headers_mut().insert(REQUEST_ID, id);
        status::bound(response.headers_mut());
        call.end(&outcome(&response));
        return response;
    }
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    status::bound(response.headers_mut());
    if response.headers().contains_key("grpc-status") {
        call.end(&outcome(&response));
        response
    } else {
        response.map(|body| Body::new(Logged::new(body, call)))
    }
}

/// The outcome of an answer that ends with its head.
fn outcome(response: &Response) -> String {
    if response.status().is_success() {
        format!("{:?}", code(response.headers()))
    } else {
        response.status().as_str().to_owned()
    }
}

/// The outcome that headers or trailers tell.
fn code(headers: &HeaderMap) -> Code {
    Status::from_header_map(headers).map_or(Code::Ok, |status| status.code())
}

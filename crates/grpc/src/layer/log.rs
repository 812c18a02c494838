//! One line of log for each call, under its request id. Never a request's content.

mod body;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use body::Logged;
use http::HeaderMap;
use telemetry::call::{Call, Port};
use tonic::{Code, Status};
use tracing::Instrument;

use crate::status;

/// Logs calls that come in from outside, each when the last of its answer is written: a stream's line says how the stream
/// ended, and how long it lived. A caller's own request id is kept and sent back; others get one.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let is_ours = super::is_ours(&request);
    let call = Call::begin(Port::Grpc, &mut request, is_ours);
    let refused = super::foreign::refuse(&request);
    let is_refused = refused.is_some();
    let mut response = match refused {
        Some(refused) => refused,
        None => next.run(request).instrument(call.span().clone()).await,
    };
    call.answer(&mut response);
    status::bound(response.headers_mut());
    if is_refused || response.headers().contains_key("grpc-status") {
        let is_denied = [Code::Unauthenticated, Code::PermissionDenied].contains(&code(response.headers()));
        if is_denied {
            call.end_refused(&outcome(&response));
        } else {
            call.end(&outcome(&response));
        }
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

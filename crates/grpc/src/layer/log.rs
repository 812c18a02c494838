//! One line of log for each call, under its request id. Never a request's content.

mod body;

use std::time::Instant;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use body::Logged;
use domain::trace::TraceId;
use http::{HeaderMap, HeaderValue};
use tonic::{Code, Status};
use tracing::Instrument;
use uuid::Builder;

use crate::status;

/// The header and the metadata key that carry the request id.
pub const REQUEST_ID: &str = "x-request-id";

/// The header and the metadata key that carry the caller's trace (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// The longest request id that is taken over from a caller, in characters.
const MAX_REQUEST_ID: usize = 128;

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

/// The request id that a caller sent, if it is one that can be logged as it is, or a new one.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sent = headers.get(REQUEST_ID).filter(|id| {
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    });
    sent.cloned().unwrap_or_else(|| {
        // Nothing depends on its being hard to guess, and the system's own random numbers take a call each.
        let id = Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string();
        HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    })
}

/// The trace that a request is part of.
#[must_use]
pub fn trace_id(headers: &HeaderMap) -> Option<TraceId> {
    TraceId::of_traceparent(headers.get(TRACEPARENT)?.to_str().ok()?)
}

/// A call that is under way. Its line is written when it ends, and also when nobody waits for it any longer.
#[derive(Debug)]
pub struct Call {
    span: tracing::Span,
    since: Instant,
    abandoned: Option<&'static str>,
    of_interest: bool,
}

impl Call {
    /// Starts the clock. `abandoned` is what is logged as the outcome if the call never ends. What is not
    /// `of_interest`, such as probes that come every second, is logged at the level debug.
    #[must_use]
    pub fn start(span: tracing::Span, abandoned: &'static str, of_interest: bool) -> Self {
        Self { span, since: Instant::now(), abandoned: Some(abandoned), of_interest }
    }

    /// Writes the call's line.
    pub fn end(mut self, outcome: &str) {
        self.abandoned = None;
        self.log(outcome);
    }

    fn log(&self, outcome: &str) {
        // Microseconds are enough, and as milliseconds they are what people compare.
        let milliseconds = (self.since.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0;
        self.span.in_scope(|| {
            if self.of_interest {
                tracing::info!(outcome, milliseconds, "call");
            } else {
                tracing::debug!(outcome, milliseconds, "call");
            }
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(outcome) = self.abandoned {
            self.log(outcome);
        }
    }
}

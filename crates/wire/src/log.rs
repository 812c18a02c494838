//! What both ports log of a call, each in its own layer: one line under its request id, never a request's content. And
//! what is logged of an error by whoever answers with it.

use std::time::Instant;

use domain::{Error, trace::TraceId};
use http::{HeaderMap, HeaderValue};
use uuid::Builder;

/// The header and the metadata key that carry the request id.
pub const REQUEST_ID: &str = "x-request-id";

/// The header and the metadata key that carry the caller's trace (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// The longest request id that is taken over from a caller, in characters.
const MAX_REQUEST_ID: usize = 128;

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

    /// What is logged meanwhile belongs to this span.
    #[must_use]
    pub fn span(&self) -> &tracing::Span {
        &self.span
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

/// Logs an error that is none of the caller's making, with the cause that the caller is not told.
pub fn cause(error: &Error) {
    if let Error::Internal(cause) = error {
        tracing::error!(%cause, "internal error");
    } else if let Error::StoreUnavailable { cause, .. } = error {
        tracing::warn!(%cause, "the store is unavailable");
    }
}

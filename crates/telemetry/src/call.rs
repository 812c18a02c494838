//! A call that comes in by a port: one line of log under its request id and its trace, never a request's content.

use std::time::Instant;

use domain::trace::TraceId;
use http::{HeaderMap, HeaderValue, Request, Response};
use tracing::{Span, field::display};
use uuid::Builder;

/// The header and the metadata key that carry the request id.
pub const REQUEST_ID: &str = "x-request-id";

/// The header and the metadata key that carry the caller's trace (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// The longest request id that is taken over from a caller, in characters.
const MAX_REQUEST_ID: usize = 128;

/// By what a call comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// gRPC, over the network or in the process.
    Grpc,
    /// HTTP.
    Rest,
}

/// A call that is under way. Its line is written when it ends, and also when nobody waits for it any longer.
#[derive(Debug)]
pub struct Call {
    port: Port,
    request_id: HeaderValue,
    span: Span,
    since: Instant,
    is_of_interest: bool,
    has_ended: bool,
}

impl Call {
    /// Begins a call. The caller's own request id is kept and goes on with the request; others get one. What is not
    /// `is_of_interest`, such as probes that come every second, is logged at the level debug.
    #[must_use]
    pub fn begin<B>(port: Port, request: &mut Request<B>, is_of_interest: bool) -> Self {
        let request_id = request_id(request.headers());
        request.headers_mut().insert(REQUEST_ID, request_id.clone());
        let span = port.span(request, request_id.to_str().unwrap_or_default());
        Self { port, request_id, span, since: Instant::now(), is_of_interest, has_ended: false }
    }

    /// What is logged meanwhile belongs to this span.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Sends the request id back.
    pub fn answer<B>(&self, response: &mut Response<B>) {
        response.headers_mut().insert(REQUEST_ID, self.request_id.clone());
    }

    /// Writes the line of a call that was refused for who makes it: at the level debug, since the [audit](crate::audit) log has
    /// one, which is bounded.
    pub fn end_refused(mut self, outcome: &str) {
        self.is_of_interest = false;
        self.end(outcome);
    }

    /// Writes the call's line.
    pub fn end(mut self, outcome: &str) {
        self.has_ended = true;
        self.log(outcome);
    }

    fn log(&self, outcome: &str) {
        // Microseconds are enough, and as milliseconds they are what people compare.
        let milliseconds = (self.since.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0;
        self.span.in_scope(|| {
            if self.is_of_interest {
                tracing::info!(outcome, milliseconds, "call");
            } else {
                tracing::debug!(outcome, milliseconds, "call");
            }
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.has_ended {
            self.log(self.port.abandoned());
        }
    }
}

impl Port {
    fn span<B>(self, request: &Request<B>, request_id: &str) -> Span {
        let trace_id = trace_id(request.headers()).map(display);
        let path = request.uri().path();
        match self {
            Self::Grpc => {
                let method = path.trim_start_matches('/');
                tracing::info_span!("grpc", request_id, trace_id, method)
            }
            Self::Rest => {
                tracing::info_span!("rest", request_id, trace_id, method = %request.method(), path)
            }
        }
    }

    /// What a request asks for: a method of gRPC, or a method and a path, up to a length.
    pub(crate) fn name<B>(self, request: &Request<B>) -> String {
        const MAX_CHARS: usize = 256;
        let path = request.uri().path();
        let name = match self {
            Self::Grpc => path.trim_start_matches('/').to_owned(),
            Self::Rest => format!("{} {path}", request.method()),
        };
        name.chars().take(MAX_CHARS).collect()
    }

    /// The outcome of a call that nobody waits for any longer, in the port's words.
    fn abandoned(self) -> &'static str {
        match self {
            Self::Grpc => "Cancelled",
            Self::Rest => "499",
        }
    }
}

/// The trace that a request is part of.
#[must_use]
pub fn trace_id(headers: &HeaderMap) -> Option<TraceId> {
    TraceId::of_traceparent(headers.get(TRACEPARENT)?.to_str().ok()?)
}

/// The request id that a caller sent, if it is one that can be logged as it is, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sent = headers.get(REQUEST_ID).filter(|id| {
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    });
    sent.cloned().unwrap_or_else(|| {
        // Nothing depends on its being hard to guess, and the system's own random numbers take a call each.
        let id = Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string();
        HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(sent: Option<&'static str>) -> (Request<()>, Call) {
        let mut request = Request::new(());
        if let Some(id) = sent {
            request.headers_mut().insert(REQUEST_ID, HeaderValue::from_static(id));
        }
        let call = Call::begin(Port::Rest, &mut request, true);
        (request, call)
    }

    #[test]
    fn a_callers_own_request_id_is_kept_passed_on_and_sent_back() {
        let (request, call) = begun(Some("order-7/a"));
        let mut response = Response::new(());
        call.answer(&mut response);
        assert_eq!(request.headers()[REQUEST_ID], "order-7/a");
        assert_eq!(response.headers()[REQUEST_ID], "order-7/a");
    }

    #[test]
    fn one_that_cannot_be_logged_as_it_is_gives_way_to_a_new_one() {
        let long = "a".repeat(MAX_REQUEST_ID + 1);
        for sent in [None, Some(""), Some("a b"), Some(&*long.leak())] {
            let (request, _call) = begun(sent);
            let (other, _call) = begun(sent);
            let id = request.headers()[REQUEST_ID].to_str().expect("text");
            assert_eq!(id.len(), 36, "{sent:?}");
            assert_ne!(id, other.headers()[REQUEST_ID]);
        }
    }
}

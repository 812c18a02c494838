//! A call that comes in by a port: one line of log under its request id and its trace, never a request's content; and the signals
//! of its beginning and its end.

mod body;
mod line;
mod method;
mod notes;
mod outcome;

use std::{
    net::SocketAddr,
    pin::Pin,
    task::{self, Poll},
    time::Instant,
};

use domain::trace::TraceId;
use http::{HeaderMap, HeaderValue, Request, Response};
use opentelemetry::Context;
use pin_project_lite::pin_project;
use tracing::{Span, field::display};
use uuid::Builder;

use crate::{
    Signal,
    audit::Peer,
    signal,
    trace::{Facts, Server},
};

pub use body::Logged;
pub use line::log_share;
use notes::Noted;
pub use notes::Notes;
pub use outcome::Outcome;

/// The header and the metadata key that carry the request id.
pub const REQUEST_ID: &str = "x-request-id";

/// The header and the metadata key that carry the caller's trace (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// What a caller's tracing adds to it, for its own use.
pub const TRACESTATE: &str = "tracestate";

/// The longest request id that is taken over from a caller, in characters.
pub const MAX_REQUEST_ID: usize = 128;

/// By what a call comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Port {
    /// gRPC, over the network or in the process.
    Grpc,
    /// HTTP.
    Rest,
}

/// Whose calls have lines at which level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Somebody does something.
    Call,
    /// A probe, or another call that comes every second: its line is of the level debug.
    Probe,
}

/// A call that is under way. Its line is written when it ends, and also when nobody waits for it any longer.
#[derive(Debug)]
pub struct Call {
    port: Port,
    method: &'static str,
    request_id: HeaderValue,
    span: Span,
    since: Instant,
    interest: Interest,
    peer: Option<SocketAddr>,
    notes: Notes,
    trace: Option<Server>,
    is_stream: bool,
    has_ended: bool,
}

/// A call that has come to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// By what it came in.
    pub port: Port,
    /// The method of HTTP, by its name, or `_OTHER`.
    pub method: &'static str,
    /// What it asked for: a route's path, or a method of gRPC's with its package and service. None if there is no such thing.
    pub route: Option<&'static str>,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took, a stream as long as it was open.
    pub took: std::time::Duration,
    /// Whether it was a stream, which lasts for as long as its caller likes.
    pub is_stream: bool,
    /// Its trace and its span, where they are recorded.
    pub trace_ids: Option<(u128, u64)>,
}

impl Call {
    /// Begins a call. The caller's own request id is kept and goes on with the request; others get one.
    #[must_use]
    pub fn begin<B>(port: Port, request: &mut Request<B>, interest: Interest) -> Self {
        let request_id = request_id(request.headers());
        request.headers_mut().insert(REQUEST_ID, request_id.clone());
        let parent = request.headers().get(TRACEPARENT).and_then(|parent| parent.to_str().ok());
        let trace = match interest {
            Interest::Call => Server::begin(port, parent),
            Interest::Probe => None,
        };
        let own = trace.as_ref().and_then(|trace| HeaderValue::from_str(&trace.traceparent()).ok());
        if let Some(own) = own {
            request.headers_mut().insert(TRACEPARENT, own);
        }
        let span = port.span(request, request_id.to_str().unwrap_or_default());
        let peer = request.extensions().get::<Peer>().map(|Peer(address)| *address);
        let notes = Notes::default();
        request.extensions_mut().insert(notes.clone());
        signal(Signal::CallBegan(port));
        let (since, is_stream, has_ended) = (Instant::now(), false, false);
        let method = method::name(request.method());
        Self { port, method, request_id, span, since, interest, peer, notes, trace, is_stream, has_ended }
    }

    /// What is logged meanwhile belongs to this span.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Does what the call asks for: what is logged and recorded meanwhile is the call's.
    pub fn run<F: Future>(&self, work: F) -> Run<'_, F> {
        Run { call: self, work }
    }

    /// The same of a part of it that is polled by hand.
    fn poll<T>(&self, poll: impl FnOnce() -> T) -> T {
        let _traced = self.trace.as_ref().and_then(Server::context).map(Context::attach);
        self.span.in_scope(poll)
    }

    /// What is found out of the call while it is under way.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Sends the request id back.
    pub fn answer<B>(&self, response: &mut Response<B>) {
        response.headers_mut().insert(REQUEST_ID, self.request_id.clone());
    }

    /// Says that the call's answer has begun and goes on for as long as its caller likes: it has a line at its beginning, and
    /// another one at its end.
    pub fn streams(&mut self) {
        self.is_stream = true;
        line::began(self);
    }

    /// Writes the line of a call that was refused for who makes it: at the level debug, since the [audit](crate::audit) log has
    /// one, which is bounded.
    pub fn end_refused(mut self, outcome: Outcome) {
        self.interest = Interest::Probe;
        self.end(outcome);
    }

    /// Writes the call's line.
    pub fn end(mut self, outcome: Outcome) {
        self.ended(outcome);
    }

    fn ended(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let Self { port, method, is_stream, .. } = *self;
        let (took, route) = (self.since.elapsed(), self.notes.route());
        let trace_ids = self.trace.as_ref().and_then(Server::span_ref).map(|span| span.ids());
        let ended = Ended { port, method, route, outcome, took, is_stream, trace_ids };
        signal(Signal::CallEnded(ended));
        if let Some(trace) = &self.trace {
            let Noted { session, reason, .. } = self.notes.noted();
            let request_id = self.request_id.to_str().unwrap_or_default();
            trace.end(&ended, &Facts { session: session.as_deref(), reason, peer: self.peer, request_id });
        }
        line::ended(self, outcome, took);
    }
}

pin_project! {
    /// See [`Call::run`]. By hand, since an async function has room for what it is given and for what it waits for: for a thousand
    /// calls that are megabytes.
    pub struct Run<'a, F> {
        call: &'a Call,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for Run<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.call.poll(|| this.work.poll(context))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.ended(self.port.abandoned());
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

    /// The outcome of a call that nobody waits for any longer.
    fn abandoned(self) -> Outcome {
        match self {
            Self::Grpc => Outcome::CANCELLED,
            Self::Rest => Outcome::CLIENT_CLOSED_REQUEST,
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
mod tests;

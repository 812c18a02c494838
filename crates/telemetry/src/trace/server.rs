//! The span of a call that comes in by a port.

use opentelemetry::{
    Context, KeyValue,
    trace::{
        SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    },
};

use super::{SpanRef, TRACER};
use crate::{
    attribute,
    call::{Ended, Outcome, Port},
};

/// The span of a call, recorded or not.
#[derive(Debug, Clone)]
pub(crate) struct Server(Context);

/// What a call's span says of it beside its outcome.
pub(crate) struct Facts<'a> {
    pub(crate) session: Option<&'a str>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) peer: Option<std::net::SocketAddr>,
    pub(crate) request_id: &'a str,
}

impl Server {
    /// Begins one, within its caller's trace where that says which; none where nobody collects traces.
    pub(crate) fn begin(port: Port, parent: Option<&str>) -> Option<Self> {
        let tracer = TRACER.get()?;
        let parent = parent
            .and_then(parse)
            .map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let name = match port {
            Port::Grpc => "grpc",
            Port::Rest => "http",
        };
        let span = tracer.build_with_context(tracer.span_builder(name).with_kind(SpanKind::Server), &parent);
        Some(Self(parent.with_span(span)))
    }

    /// What goes on with the call as its `traceparent`.
    pub(crate) fn traceparent(&self) -> String {
        let span = self.0.span();
        let context = span.span_context();
        format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
    }

    /// What is done in the call's name is done in this.
    pub(crate) fn context(&self) -> Option<Context> {
        self.0.span().is_recording().then(|| self.0.clone())
    }

    /// Where it is in its trace, if it is recorded.
    pub(crate) fn span_ref(&self) -> Option<SpanRef> {
        let span = self.0.span();
        span.span_context().is_sampled().then(|| SpanRef(span.span_context().clone()))
    }

    /// Ends it.
    pub(crate) fn end(&self, ended: &Ended, facts: &Facts<'_>) {
        let span = self.0.span();
        if !span.is_recording() {
            return;
        }
        let Ended { method, route, .. } = *ended;
        match ended.port {
            Port::Grpc => {
                let path = route.unwrap_or(attribute::OTHER);
                span.update_name(path);
                span.set_attribute(KeyValue::new(attribute::RPC_SYSTEM, "grpc"));
                span.set_attribute(KeyValue::new(attribute::RPC_METHOD, path));
                span.set_attribute(KeyValue::new(attribute::RPC_STATUS, ended.outcome.name()));
            }
            Port::Rest => {
                span.update_name(
                    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
                );
                span.set_attribute(KeyValue::new(attribute::HTTP_METHOD, method));
                span.set_attributes(route.map(|route| KeyValue::new(attribute::HTTP_ROUTE, route)));
                if let Outcome::Http(status) = ended.outcome {
                    span.set_attribute(KeyValue::new(attribute::HTTP_STATUS, i64::from(status)));
                }
            }
        }
        if let Some(session) = facts.session {
            span.set_attribute(KeyValue::new(attribute::SESSION, session.to_owned()));
        }
        if let Some(peer) = facts.peer {
            span.set_attribute(KeyValue::new(attribute::CLIENT_ADDRESS, peer.ip().to_string()));
        }
        span.set_attribute(KeyValue::new(attribute::REQUEST_ID, facts.request_id.to_owned()));
        if let Some(reason) = facts.reason {
            span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, reason));
        }
        if ended.outcome.is_failure() {
            span.set_status(Status::error(facts.reason.unwrap_or_default()));
        }
        span.end();
    }
}

/// Reads a `traceparent`. One that breaks the rules counts as none.
fn parse(header: &str) -> Option<SpanContext> {
    domain::trace::TraceId::of_traceparent(header)?;
    let mut parts = header.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()? & 1);
    Some(SpanContext::new(trace, span, flags, true, TraceState::default()))
}

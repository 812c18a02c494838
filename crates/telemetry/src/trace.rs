//! Traces: what was done for a call, from the port to the statement, for whoever collects them (OpenTelemetry).
//!
//! Where nobody does, a call keeps its caller's trace and nothing is recorded. Where somebody does, each call has a span, which goes
//! on as its `traceparent`; a batch has one in the trace of the first of its calls that is recorded, and is linked with the
//! others; a statement has one within its batch. What is not sampled costs next to nothing behind its port.

mod batch;
mod server;

use std::sync::OnceLock;

use opentelemetry::{
    Context, KeyValue,
    global::{BoxedTracer, ObjectSafeTracer},
    trace::{FutureExt, SpanContext, SpanKind, Status, TraceContextExt, Tracer},
};

use crate::attribute;

pub use batch::{Batch, Waits};
pub(crate) use server::{Facts, Server};

static TRACER: OnceLock<BoxedTracer> = OnceLock::new();

/// Has calls recorded by a tracer from now on. `false` if there is one already, which stays.
pub fn install(tracer: impl ObjectSafeTracer + Send + Sync + 'static) -> bool {
    TRACER.set(BoxedTracer::new(Box::new(tracer))).is_ok()
}

/// A span of a recorded trace, as the parent of what is done under it.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRef(SpanContext);

impl SpanRef {
    /// The span that what this task does belongs to; none where nobody records it.
    #[must_use]
    pub fn current() -> Option<Self> {
        TRACER.get()?;
        Context::map_current(|context| {
            let span = context.span();
            let parent = span.span_context();
            parent.is_sampled().then(|| Self(parent.clone()))
        })
    }

    /// The trace and the span, as exemplars name them.
    #[must_use]
    pub fn ids(&self) -> (u128, u64) {
        let (trace, span) = (self.0.trace_id().to_bytes(), self.0.span_id().to_bytes());
        (u128::from_be_bytes(trace), u64::from_be_bytes(span))
    }

    fn context(&self) -> Context {
        Context::new().with_remote_span_context(self.0.clone())
    }
}

/// Does the work of another task in the trace of this one.
pub async fn go_on<F: Future>(work: F, parent: Option<SpanRef>) -> F::Output {
    match parent {
        Some(parent) => work.with_context(parent.context()).await,
        None => work.await,
    }
}

/// Does the work of a statement, in a span of its own where somebody records what it is done for.
pub(crate) async fn statement<T, E>(
    name: &'static str,
    work: impl Future<Output = Result<T, E>>,
    is_failure: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let (Some(tracer), Some(_)) = (TRACER.get(), SpanRef::current()) else { return work.await };
    let builder = tracer.span_builder(name).with_kind(SpanKind::Client);
    let builder = builder.with_attributes([KeyValue::new(attribute::DB_OPERATION, name)]);
    let context = Context::current();
    let context = context.with_span(tracer.build_with_context(builder, &context));
    let result = work.with_context(context.clone()).await;
    if result.as_ref().is_err_and(is_failure) {
        context.span().set_status(Status::error(""));
    }
    context.span().end();
    result
}

//! The spans of a batch: what several calls have in common.

use std::time::SystemTime;

use opentelemetry::{
    Context, KeyValue,
    trace::{FutureExt, Link, SpanKind, TraceContextExt, Tracer},
};

use super::{SpanRef, TRACER};
use crate::attribute;

/// An item of a recorded call that waits for a batch.
#[derive(Debug, Clone)]
pub struct Waits {
    parent: SpanRef,
    since: SystemTime,
}

impl Waits {
    /// Begins with what the current task does; none where nobody records it.
    #[must_use]
    pub fn begin() -> Option<Self> {
        Some(Self { parent: SpanRef::current()?, since: SystemTime::now() })
    }
}

/// The span of a batch.
#[derive(Debug)]
pub struct Batch {
    context: Context,
    waits: Vec<Waits>,
    began: SystemTime,
}

impl Batch {
    /// Begins one of so many items, in the trace of the first of those that are recorded and linked with the others; none where
    /// none of them is.
    #[must_use]
    pub fn begin(of: &'static str, size: usize, waits: Vec<Waits>) -> Option<Self> {
        let (tracer, first) = (TRACER.get()?, waits.first()?);
        let others = waits.iter().skip(1).map(|waits| Link::new(waits.parent.0.clone(), Vec::new(), 0));
        let builder = tracer
            .span_builder(format!("batch of {of}"))
            .with_kind(SpanKind::Internal)
            .with_links(others.collect())
            .with_attributes([number(attribute::BATCH_SIZE, size)]);
        let parent = first.parent.context();
        let span = tracer.build_with_context(builder, &parent);
        Some(Self { context: parent.with_span(span), waits, began: SystemTime::now() })
    }

    /// Does work within it, if there is one, and ends it.
    pub async fn within<F: Future>(batch: Option<Self>, work: F) -> F::Output {
        let Some(Self { context, waits, began }) = batch else { return work.await };
        let output = work.with_context(context.clone()).await;
        context.span().end();
        let batch = context.span().span_context().clone();
        for (at, Waits { parent, since }) in waits.iter().enumerate() {
            let Some(tracer) = TRACER.get() else { break };
            let parent = parent.context();
            // How long each of them waited, in its own trace; and from there to the batch, where that is another.
            let links = if at == 0 { Vec::new() } else { vec![Link::new(batch.clone(), Vec::new(), 0)] };
            let builder = tracer
                .span_builder("wait for a batch")
                .with_kind(SpanKind::Internal)
                .with_start_time(*since)
                .with_links(links);
            let span = tracer.build_with_context(builder, &parent);
            let waited = parent.with_span(span);
            waited.span().end_with_timestamp(began);
        }
        output
    }
}

fn number(name: &'static str, value: usize) -> KeyValue {
    KeyValue::new(name, i64::try_from(value).unwrap_or(i64::MAX))
}

//! Spans as messages.

use std::{fmt, sync::Arc};

use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use telemetry::Exported;
use tokio::runtime::Handle;

use crate::{
    outcomes::Outcomes,
    sender::{NotTaken, Sender},
};

/// Sends spans. It is called on a thread of its own, and sends on the runtime's.
pub(crate) struct Exporter {
    sender: Arc<Sender>,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    outcomes: Outcomes,
}

impl Exporter {
    pub(crate) fn new(sender: Arc<Sender>, runtime: Handle) -> Self {
        Self {
            sender,
            runtime,
            resource: ResourceAttributesWithSchema::default(),
            outcomes: Outcomes::of(Exported::Spans),
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let sender = self.sender.clone();
        let request = ExportTraceServiceRequest { resource_spans };
        let sent = self.runtime.spawn(async move { sender.send(&request).await }).await;
        // The runtime ends while it is sent.
        let sent = sent.unwrap_or_else(|error| Err(NotTaken::all(Exported::UNREACHABLE, error.to_string())));
        self.outcomes.note(spans, &sent);
        sent.map_err(|not_taken| OTelSdkError::InternalFailure(not_taken.said))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

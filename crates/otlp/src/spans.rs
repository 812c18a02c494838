//! Spans as messages.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

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
use tokio::runtime::Handle;

use crate::sender::Sender;

/// Sends spans. It is called on a thread of its own, and sends on the runtime's.
pub(crate) struct Exporter {
    sender: Arc<Sender>,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    outage: Outage,
}

impl Exporter {
    pub(crate) fn new(sender: Arc<Sender>, runtime: Handle) -> Self {
        Self {
            sender,
            runtime,
            resource: ResourceAttributesWithSchema::default(),
            outage: Outage::new("spans"),
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
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let sender = self.sender.clone();
        let request = ExportTraceServiceRequest { resource_spans };
        let sent = self.runtime.spawn(async move { sender.send(&request).await }).await;
        let result = sent.unwrap_or_else(|error| Err(error.to_string()));
        self.outage.note(&result);
        result.map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

/// Whether a collector is known to take nothing: that it does not is told once, and that it does again.
#[derive(Debug)]
pub(crate) struct Outage {
    of: &'static str,
    is_known: AtomicBool,
}

impl Outage {
    pub(crate) fn new(of: &'static str) -> Self {
        Self { of, is_known: AtomicBool::new(false) }
    }

    pub(crate) fn note(&self, result: &Result<(), String>) {
        let was_known = self.is_known.swap(result.is_err(), Ordering::Relaxed);
        let of = self.of;
        match result {
            Err(error) if !was_known => {
                tracing::warn!(error, "the OpenTelemetry collector takes no {of}; they are lost meanwhile");
            }
            Ok(()) if was_known => tracing::info!("the OpenTelemetry collector takes {of} again"),
            Ok(()) | Err(_) => {}
        }
    }
}

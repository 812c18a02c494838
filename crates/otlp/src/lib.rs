//! Traces and metrics by OTLP, to the collector that OpenTelemetry's standard variables name. Where they name none, nothing is
//! recorded for it and nothing is sent.
//!
//! A collector that is unavailable, slow or wrong costs what waits for it, which is bounded, and a line of the log.

mod environment;
mod outcomes;
mod points;
mod push;
mod remark;
mod sender;
mod spans;

use std::time::Duration;

use metrics::Metrics;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SdkTracerProvider},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use environment::{Endpoint, Settings};
use sender::Sender;
use spans::Exporter;

pub use environment::Invalid;
pub use remark::{Remark, remarks};

/// How long the end of the process waits for what is still to be sent.
const FLUSH_LIMIT: Duration = Duration::from_secs(3);

/// What is sent to a collector, until the process ends.
#[derive(Debug)]
pub struct Otlp {
    traces: Option<SdkTracerProvider>,
    metrics: Option<JoinHandle<()>>,
    stopping: CancellationToken,
}

/// Sends from now on what the environment asks for. To be called within a runtime.
///
/// # Errors
/// A variable does not say what it has to.
pub fn start(metrics: &Metrics, version: &'static str) -> Result<Otlp, Invalid> {
    remark::log();
    let Settings { traces, metrics: pushed, interval } = Settings::read(&|name| std::env::var(name).ok())?;
    let stopping = CancellationToken::new();
    let resource = Resource::builder()
        .with_attributes([opentelemetry::KeyValue::new("service.version", version)])
        .build();
    let resource = named(resource);
    if let Some(endpoint) = traces.as_ref().or(pushed.as_ref()) {
        tracing::info!(
            traces = traces.as_ref().map(Endpoint::shown),
            metrics = pushed.as_ref().map(Endpoint::shown),
            protocol = endpoint.protocol.as_str(),
            "sending to an OpenTelemetry collector"
        );
    }
    let traces = traces.map(|endpoint| Sender::new(endpoint, sender::TRACES)).transpose()?.map(|sender| {
        let exporter = Exporter::new(sender, tokio::runtime::Handle::current());
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_span_processor(BatchSpanProcessor::builder(exporter).build())
            .build();
        telemetry::trace::install(provider.tracer(SCOPE));
        provider
    });
    let metrics = pushed
        .map(|endpoint| Sender::new(endpoint, sender::METRICS))
        .transpose()?
        .map(|sender| tokio::spawn(push::run(metrics.clone(), resource, sender, interval, stopping.clone())));
    Ok(Otlp { traces, metrics, stopping })
}

/// Where the environment has traces or metrics sent, if it does.
///
/// # Errors
/// A variable does not say what it has to.
pub fn destination() -> Result<Option<String>, Invalid> {
    let Settings { traces, metrics, .. } = Settings::read(&|name| std::env::var(name).ok())?;
    Ok(traces.or(metrics).map(|endpoint| endpoint.shown()))
}

/// The scope that everything is recorded in.
const SCOPE: &str = "channel-sessions";

/// The resource with a name of its own, where the environment gives it none.
fn named(resource: Resource) -> Resource {
    let key = opentelemetry::Key::from_static_str("service.name");
    let is_unknown = resource.get(&key).is_none_or(|name| name.as_str().starts_with("unknown_service"));
    if !is_unknown {
        return resource;
    }
    let attributes =
        resource.iter().map(|(key, value)| opentelemetry::KeyValue::new(key.clone(), value.clone()));
    let attributes: Vec<_> = attributes.filter(|attribute| attribute.key != key).collect();
    Resource::builder_empty().with_attributes(attributes).with_service_name(SCOPE).build()
}

impl Otlp {
    /// Whether metrics are sent.
    #[must_use]
    pub fn sends_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// Sends what is left, for a moment at most.
    pub async fn stop(self) {
        self.stopping.cancel();
        let traces = self.traces.map(|provider| {
            // It waits for a thread of its own.
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH_LIMIT))
        });
        let all = async {
            if let Some(metrics) = self.metrics {
                let _ = metrics.await;
            }
            if let Some(traces) = traces
                && let Ok(Err(error)) = traces.await
            {
                tracing::warn!(%error, "the last spans were not sent");
            }
        };
        if tokio::time::timeout(FLUSH_LIMIT, all).await.is_err() {
            tracing::warn!("the collector did not take the last traces and metrics in time");
        }
    }
}

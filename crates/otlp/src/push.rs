//! Metrics on their way to a collector, every so often and once at the end.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use metrics::Metrics;
use opentelemetry_proto::{
    tonic::{
        collector::metrics::v1::ExportMetricsServiceRequest,
        common::v1::InstrumentationScope,
        metrics::v1::{ResourceMetrics, ScopeMetrics},
        resource::v1,
    },
    transform::common::tonic::ResourceAttributesWithSchema,
};
use opentelemetry_sdk::Resource;
use telemetry::Exported;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{outcomes::Outcomes, points, sender::Sender};

/// Sends all metrics every interval until `stopping`, and then once more.
pub(crate) async fn run(
    metrics: Metrics,
    resource: Resource,
    sender: Arc<Sender>,
    interval: Duration,
    stopping: CancellationToken,
) {
    let (began, outcomes) = (SystemTime::now(), Outcomes::of(Exported::DataPoints));
    let resource = ResourceAttributesWithSchema::from(&resource);
    let resource = v1::Resource { attributes: resource.attributes.0, ..v1::Resource::default() };
    let mut ticks = interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let goes_on = stopping.run_until_cancelled(ticks.tick()).await.is_some();
        let scope = InstrumentationScope { name: crate::SCOPE.to_owned(), ..InstrumentationScope::default() };
        let metrics = points::of(&metrics, began, SystemTime::now());
        let items = metrics.iter().map(points::count).sum();
        let scope_metrics = ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() };
        let resource_metrics = ResourceMetrics {
            resource: Some(resource.clone()),
            scope_metrics: vec![scope_metrics],
            ..ResourceMetrics::default()
        };
        let request = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] };
        outcomes.note(items, &sender.send(&request).await);
        if !goes_on {
            return;
        }
    }
}

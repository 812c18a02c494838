//! What the process counts and measures: made of [signals](telemetry::Signal), exposed as OpenMetrics and, to whoever
//! exports them, as [families](Metrics::families).
//!
//! Every [name](names) is in one place. Every label is out of a set that the program knows: neither ids nor tenants, which would
//! make series without number. Knows no transport.

mod calls;
mod exports;
mod label;
mod name;
mod names;
mod observed;
mod process;
mod registered;
mod service;
mod storage;

use std::sync::Arc;

use prometheus_client::{
    encoding::{prometheus_protobuf, text},
    metrics::info::Info,
    registry::Registry,
};
use telemetry::{Recorder, Signal};

use calls::Calls;
use exports::Exports;
use label::label;
use names::attribute;
use observed::Observed;
use registered::Registered;
use service::Service;
use storage::{Storage, whole};

pub use name::{Name, Unit};
pub use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model as model;

/// All metrics of the process. Clones are the same.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    calls: Calls,
    storage: Storage,
    service: Service,
    exports: Exports,
    observed: Observed,
    registered: Registered,
}

/// The media type of [`Metrics::openmetrics`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Metrics {
    /// Metrics of a version, over a database such as `postgresql`.
    #[must_use]
    pub fn new(version: &'static str, database: &'static str) -> Self {
        let mut registered = Registered::default();
        let (calls, storage) = (Calls::new(&mut registered), Storage::new(&mut registered, database));
        let (service, exports) = (Service::new(&mut registered), Exports::new(&mut registered));
        registered.known(names::BUILD);
        let build = Info::new(vec![label(attribute::VERSION, version)]);
        registered.registry.register(names::BUILD.stem(), names::BUILD.help, build);
        process::register(&mut registered);
        let names = [names::MEMORY, names::MEMORY_MAX, names::OPEN_CONNECTIONS, names::OPEN_CONNECTIONS_MAX];
        let observed = Observed::new(&mut registered, &names);
        Self(Arc::new(Shared { calls, storage, service, exports, observed, registered }))
    }

    /// Reports from now on what calls take of a memory that is for something, such as `requests`, and how much there is
    /// of it.
    pub fn memory(&self, of: &'static str, max: usize, used: impl Fn() -> usize + Send + Sync + 'static) {
        let (observed, of) = (&self.0.observed, vec![label(attribute::OF, of)]);
        observed.read(names::MEMORY_MAX, of.clone(), move || whole(max));
        observed.read(names::MEMORY, of, move || whole(used()));
    }

    /// Reports from now on how many connections of callers are open, and how many may be.
    pub fn connections(&self, max: usize, open: impl Fn() -> usize + Send + Sync + 'static) {
        let observed = &self.0.observed;
        observed.read(names::OPEN_CONNECTIONS_MAX, Vec::new(), move || whole(max));
        observed.read(names::OPEN_CONNECTIONS, Vec::new(), move || whole(open()));
    }

    /// All of them as OpenMetrics text.
    #[must_use]
    pub fn openmetrics(&self) -> String {
        let mut text = String::new();
        // A string takes all that is written to it.
        let _ = text::encode(&mut text, self.registry());
        text
    }

    /// All of them as messages.
    #[must_use]
    pub fn families(&self) -> Vec<model::MetricFamily> {
        prometheus_protobuf::encode(self.registry()).unwrap_or_default()
    }

    /// The name of a family, which Prometheus writes with what it is behind it.
    #[must_use]
    pub fn name(&self, family: &str) -> Option<Name> {
        let stem = ["_total", "_info"].iter().find_map(|suffix| family.strip_suffix(suffix));
        self.0.registered.names.get(stem.unwrap_or(family)).copied()
    }

    /// The name of an attribute, which Prometheus writes without dots.
    #[must_use]
    pub fn attribute(label: &str) -> &str {
        let dotted = |name: &&str| name.len() == label.len() && name.replace('.', "_") == label;
        attribute::DOTTED.iter().copied().find(|name| dotted(name)).unwrap_or(label)
    }

    fn registry(&self) -> &Registry {
        &self.0.registered.registry
    }
}

impl Recorder for Metrics {
    fn record(&self, signal: Signal) {
        let Shared { calls, storage, service, exports, .. } = &*self.0;
        match signal {
            Signal::CallBegan(port) => calls.began(port),
            Signal::CallEnded(ended) => calls.ended(ended),
            Signal::Unauthenticated(credentials) => calls.unauthenticated(credentials),
            Signal::OverQuota(quota) => calls.over_quota(quota),
            Signal::OutcomeUnknown => calls.outcome_unknown(),
            Signal::Queue { of, waiting } => storage.queue(of, waiting),
            Signal::Batch { of, size, waited, took } => storage.batch(of, size, waited, took),
            Signal::Statement { statement, took, is_ok } => storage.statement(statement, took, is_ok),
            Signal::ConnectionWait { pool, took, is_ok } => storage.connection_wait(pool, took, is_ok),
            Signal::ConnectionsInUse { pool, used, max } => storage.connections(pool, used, max),
            Signal::SessionCache { hits, misses } => storage.session_cache(hits, misses),
            Signal::LostRaces(sessions) => storage.lost_races(sessions),
            Signal::Replays(commands) => storage.replays(commands),
            Signal::EventLag(lag) => service.event_lag(lag),
            Signal::WatchBegan => service.watchers(1),
            Signal::WatchEnded => service.watchers(-1),
            Signal::PositionExpired => service.position_refused("expired"),
            Signal::PositionUnknown => service.position_refused("unknown"),
            Signal::DeletedEvents(rows) => service.deleted("events", rows),
            Signal::DeletedIdempotencyRecords(rows) => service.deleted("idempotency_records", rows),
            Signal::DeletedSessions(rows) => service.deleted("sessions", rows),
            Signal::Ready(is_ready) => service.ready(is_ready),
            Signal::CertificateExpiry { of, at } => service.certificate(of, at),
            Signal::Followed { of, is_wrong } => service.followed(of, is_wrong),
            Signal::Reload { of, is_ok } => service.reload(of, is_ok),
            Signal::Exported { of, items, failure } => exports.exported(of, items, failure),
            Signal::DroppedLogLines(lines) => service.dropped_log_lines(lines),
        }
    }
}

#[cfg(test)]
mod tests;

//! Metrics that are made under their names.

use std::collections::HashMap;

use prometheus_client::{
    metrics::{
        counter::Counter,
        exemplar::HistogramWithExemplars,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::{Metric, Registry},
};

use crate::{
    label::{Label, label},
    name::Name,
};

/// What there is of series with so many labels.
pub(crate) type Counters<const N: usize> = Family<[Label; N], Counter>;
pub(crate) type Gauges<const N: usize> = Family<[Label; N], Gauge>;
pub(crate) type Histograms<const N: usize> = Family<[Label; N], Histogram, fn() -> Histogram>;
pub(crate) type Durations<const N: usize> = Family<[Label; N], Traced, fn() -> Traced>;

/// A histogram of which single values lead to their traces.
pub(crate) type Traced = HistogramWithExemplars<[(&'static str, String); 2]>;

/// Seconds: from less than a statement in memory takes to the longest that a call may take.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Items of a batch.
const ITEMS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// All that is registered, and under which names.
#[derive(Debug, Default)]
pub(crate) struct Registered {
    pub(crate) registry: Registry,
    pub(crate) names: HashMap<String, Name>,
}

impl Registered {
    /// Registers a metric under a name.
    pub(crate) fn metric<M: Metric + Clone>(&mut self, name: Name, metric: M) -> M {
        self.known(name);
        let registered = metric.clone();
        match name.unit.of_registry() {
            Some(unit) => self.registry.register_with_unit(name.stem(), name.help, unit, registered),
            None => self.registry.register(name.stem(), name.help, registered),
        }
        metric
    }

    /// Makes a name known under which something else is exposed.
    pub(crate) fn known(&mut self, name: Name) {
        self.names.insert(name.family(), name);
    }

    /// Registers a histogram of seconds.
    pub(crate) fn seconds<const N: usize>(&mut self, name: Name) -> Histograms<N> {
        let make: fn() -> Histogram = || Histogram::new(SECONDS);
        begun(self.metric(name, Family::new_with_constructor(make)))
    }

    /// Registers a histogram of seconds with traces.
    pub(crate) fn traced<const N: usize>(&mut self, name: Name) -> Durations<N> {
        let make: fn() -> Traced = || Traced::new(SECONDS.into_iter());
        self.metric(name, Family::new_with_constructor(make))
    }

    /// Registers a histogram of items.
    pub(crate) fn items<const N: usize>(&mut self, name: Name) -> Histograms<N> {
        let make: fn() -> Histogram = || Histogram::new(ITEMS);
        self.metric(name, Family::new_with_constructor(make))
    }

    /// Registers a counter.
    pub(crate) fn counters<const N: usize>(&mut self, name: Name) -> Counters<N> {
        begun(self.metric(name, Family::default()))
    }

    /// Registers a counter by one label, whose values are known: those that never happened are 0, and not absent, or the first
    /// time would be no increase.
    pub(crate) fn counters_of(
        &mut self,
        name: Name,
        attribute: &'static str,
        values: &[&'static str],
    ) -> Counters<1> {
        let counters = self.counters(name);
        values.iter().for_each(|value| drop(counters.get_or_create(&[label(attribute, *value)])));
        counters
    }

    /// Registers a gauge without labels.
    pub(crate) fn gauge(&mut self, name: Name) -> Gauge {
        self.metric(name, Gauge::default())
    }

    /// Registers a gauge with labels.
    pub(crate) fn gauges<const N: usize>(&mut self, name: Name) -> Gauges<N> {
        begun(self.metric(name, Family::default()))
    }
}

/// The same, with its only series where it has no labels: what never happened is 0, and not absent.
fn begun<const N: usize, M: Clone, C: MetricConstructor<M>>(
    family: Family<[Label; N], M, C>,
) -> Family<[Label; N], M, C> {
    if let Ok(none) = <[Label; N]>::try_from(Vec::new()) {
        drop(family.get_or_create(&none));
    }
    family
}

//! Gauges that are read when they are asked for.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use crate::{label::Label, name::Name, registered::Registered};

/// Gauges that are read when they are asked for. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Observed(Arc<RwLock<Vec<Family>>>);

struct Family {
    name: Name,
    series: Vec<(Vec<Label>, Box<Read>)>,
}

type Read = dyn Fn() -> i64 + Send + Sync;

impl Observed {
    /// Those of these names, of which nothing is read yet.
    pub(crate) fn new(registered: &mut Registered, names: &[Name]) -> Self {
        names.iter().for_each(|name| registered.known(*name));
        let families = names.iter().map(|name| Family { name: *name, series: Vec::new() });
        let observed = Self(Arc::new(RwLock::new(families.collect())));
        registered.registry.register_collector(Box::new(observed.clone()));
        observed
    }

    /// Has a series read from now on.
    pub(crate) fn read(
        &self,
        name: Name,
        labels: Vec<Label>,
        read: impl Fn() -> i64 + Send + Sync + 'static,
    ) {
        let mut families = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = families.iter_mut().find(|family| family.name == name) {
            family.series.push((labels, Box::new(read)));
        }
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").finish_non_exhaustive()
    }
}

impl Collector for Observed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, series } in &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            let (stem, unit) = (name.stem(), name.unit.of_registry());
            let mut encoder =
                encoder.encode_descriptor(&stem, name.help, unit.as_ref(), MetricType::Gauge)?;
            for (labels, read) in series {
                ConstGauge::new(read()).encode(encoder.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

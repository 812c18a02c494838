//! What was sent to a collector.

use telemetry::Exported;

use crate::{
    label::label,
    names::{self, attribute},
    registered::{Counters, Registered},
    storage::count,
};

#[derive(Debug)]
pub(crate) struct Exports {
    spans: Counters<1>,
    data_points: Counters<1>,
}

impl Exports {
    pub(crate) fn new(registered: &mut Registered) -> Self {
        // What is taken has no type of error.
        let results: Vec<_> = [""].into_iter().chain(Exported::FAILURES).collect();
        let mut counters = |name| registered.counters_of(name, attribute::ERROR_TYPE, &results);
        Self { spans: counters(names::SPANS_EXPORTED), data_points: counters(names::DATA_POINTS_EXPORTED) }
    }

    pub(crate) fn exported(&self, of: Exported, items: usize, failure: Option<&'static str>) {
        let counters = match of {
            Exported::Spans => &self.spans,
            Exported::DataPoints => &self.data_points,
        };
        let result = [label(attribute::ERROR_TYPE, failure.unwrap_or_default())];
        counters.get_or_create(&result).inc_by(count(items));
    }
}

//! Everything that was measured, as JSON.

use std::{fs, path::Path};

use serde::Serialize;

use super::{
    Options, aims,
    figures::Figures,
    machine::Machine,
    plan::Series,
    results::{Ratio, Results},
};
use crate::{Failure, aim::Verdict};

#[derive(Serialize)]
struct Report<'a> {
    machine: &'a Machine,
    options: &'a Options,
    series: Vec<Entry<'a>>,
    aims: Vec<Verdict>,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    series: Series,
    /// Calls per second, divided by the floor's.
    ratio_to_floor: Option<Ratio>,
    medians: Option<Figures>,
    rounds: &'a [Figures],
}

pub(crate) fn write(
    file: &Path,
    machine: &Machine,
    options: &Options,
    results: &Results,
) -> Result<(), Failure> {
    let series = results.series().map(|(series, rounds)| Entry {
        series,
        ratio_to_floor: results.rate_to_floor(series),
        medians: results.medians(series),
        rounds,
    });
    let report = Report { machine, options, series: series.collect(), aims: aims::verdicts(results) };
    Ok(fs::write(file, serde_json::to_string_pretty(&report)? + "\n")?)
}

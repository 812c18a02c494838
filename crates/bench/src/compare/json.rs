//! Everything that was measured, as JSON.

use std::{fs, path::Path};

use serde::Serialize;

use super::{
    Options,
    aims::{self, Verdict},
    figures::Figures,
    machine::Machine,
    plan::Series,
    results::Results,
};
use crate::Failure;

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
    /// Calls per second, divided by the floor's: the median of the rounds' ratios.
    ratio_to_floor: Option<f64>,
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

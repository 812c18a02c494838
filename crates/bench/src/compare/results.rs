//! The figures of all rounds, and their medians.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{bytes::Bytes, figures::Figures, plan::Series, stage::Cpu};
use crate::{calls::Latency, median::median};

/// The figures of each series, one for each round.
#[derive(Debug, Default)]
pub(crate) struct Results(BTreeMap<Series, Vec<Figures>>);

/// What a figure of one series is to that of another one. Medians of both may be of different rounds, and a machine does
/// not run at one speed: so the two differ, and by more the less there is to either.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Ratio {
    /// The median of what it was in each round.
    pub(crate) of_rounds: f64,
    /// What the medians over all rounds are to each other.
    pub(crate) of_medians: f64,
}

impl Results {
    /// Adds the figures of a series's next round.
    pub(crate) fn add(&mut self, series: Series, figures: Figures) {
        self.0.entry(series).or_default().push(figures);
    }

    /// All series that were measured, in order, each with the figures of its rounds.
    pub(crate) fn series(&self) -> impl Iterator<Item = (Series, &[Figures])> {
        self.0.iter().map(|(series, rounds)| (*series, rounds.as_slice()))
    }

    /// In how many rounds a series was measured.
    pub(crate) fn rounds(&self, series: Series) -> usize {
        self.0.get(&series).map_or(0, Vec::len)
    }

    /// A figure's median over the rounds. None where the series was not measured, or has no such figure.
    pub(crate) fn median(&self, series: Series, figure: impl Fn(&Figures) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.0.get(&series)?.iter().map(figure).collect();
        median(values?)
    }

    /// What a figure of one series is to that of another one.
    pub(crate) fn ratio(
        &self,
        series: Series,
        to: Series,
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<Ratio> {
        let of_medians = self.median(series, &figure)? / self.median(to, &figure)?;
        let (of, to) = (self.0.get(&series)?, self.0.get(&to)?);
        let ratios: Option<Vec<f64>> =
            of.iter().zip(to).map(|(of, to)| Some(figure(of)? / figure(to)?)).collect();
        Some(Ratio { of_rounds: median(ratios?)?, of_medians })
    }

    /// Calls per second, to those of the database by itself. None for the database.
    pub(crate) fn rate_to_floor(&self, series: Series) -> Option<Ratio> {
        let floor = series.floor();
        if series == floor { None } else { self.ratio(series, floor, |it| Some(it.calls_per_second)) }
    }

    /// The medians of all figures of a series, each by itself.
    pub(crate) fn medians(&self, series: Series) -> Option<Figures> {
        let median = |figure: fn(&Figures) -> Option<f64>| self.median(series, figure);
        Some(Figures {
            calls: median(|it| Some(it.calls as f64))? as usize,
            calls_per_second: median(|it| Some(it.calls_per_second))?,
            latency_ms: Latency {
                p50: median(|it| Some(it.latency_ms.p50))?,
                p99: median(|it| Some(it.latency_ms.p99))?,
                p99_9: median(|it| Some(it.latency_ms.p99_9))?,
            },
            cpu_seconds_per_1000_calls: Cpu {
                service: median(|it| it.cpu_seconds_per_1000_calls.service),
                postgres: median(|it| it.cpu_seconds_per_1000_calls.postgres),
                load: median(|it| Some(it.cpu_seconds_per_1000_calls.load))?,
            },
            serve_peak_memory_mb: median(|it| it.serve_peak_memory_mb),
            bytes_per_call: Bytes::each(|part| self.median(series, |it| Some(part(&it.bytes_per_call?)))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::plan::{Among, Group, Side};

    fn figures(calls_per_second: f64, memory: Option<f64>) -> Figures {
        Figures { serve_peak_memory_mb: memory, ..Figures::example(calls_per_second, 2.0) }
    }

    const FLOOR: Series = Series { group: Group::Updates, callers: 64, among: Among::Few, side: Side::Floor };
    const GRPC: Series = Series { side: Side::Grpc, ..FLOOR };
    const REST: Series = Series { side: Side::Rest, ..FLOOR };

    fn results() -> Results {
        let mut results = Results::default();
        for (floor, grpc, memory) in [(100.0, 300.0, 30.0), (50.0, 200.0, 20.0), (200.0, 200.0, 90.0)] {
            results.add(FLOOR, figures(floor, None));
            results.add(GRPC, figures(grpc, Some(memory)));
        }
        results
    }

    #[test]
    fn a_ratio_is_of_each_rounds_figures_and_of_all_rounds_medians() {
        let rate = |figures: &Figures| Some(figures.calls_per_second);
        let ratio = Ratio { of_rounds: 3.0, of_medians: 2.0 };
        assert_eq!(results().ratio(GRPC, FLOOR, rate), Some(ratio));
        assert_eq!(results().ratio(REST, FLOOR, rate), None);
        assert_eq!(
            [GRPC, FLOOR, REST].map(|series| results().rate_to_floor(series)),
            [Some(ratio), None, None]
        );
        let memory = |figures: &Figures| figures.serve_peak_memory_mb;
        assert_eq!(results().ratio(GRPC, FLOOR, memory), None);
    }

    #[test]
    fn each_figure_has_its_own_median() {
        let medians = results().medians(GRPC).unwrap();
        assert_eq!((medians.calls_per_second, medians.serve_peak_memory_mb), (200.0, Some(30.0)));
        assert_eq!(medians.cpu_seconds_per_1000_calls.postgres, Some(0.5));
        assert_eq!(results().medians(FLOOR).unwrap().serve_peak_memory_mb, None);
        assert!(results().medians(REST).is_none());
    }
}

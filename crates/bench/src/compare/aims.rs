//! What the comparison is to find.

use std::collections::BTreeSet;

use super::{
    figures::Figures,
    plan::{Among, Cell, Group, Series, Side},
    results::Results,
};
use crate::aim::{
    Bound::{self, AtLeast, AtMost},
    Verdict,
};

/// One line of what is to be reached: a figure of a series by itself, or to that of another one.
struct Aim {
    name: &'static str,
    /// Where there are several, the highest counts.
    of: &'static [Series],
    to: Option<Series>,
    figure: fn(&Figures) -> Option<f64>,
    bound: Bound,
}

const fn at(group: Group, callers: usize, side: Side) -> Series {
    Series { group, callers, among: Among::Few, side }
}

/// The aim of a series's figure, to that of the floor in the same circumstances.
const fn to_floor(
    name: &'static str,
    of: &'static [Series; 1],
    figure: fn(&Figures) -> Option<f64>,
    bound: Bound,
) -> Aim {
    Aim { name, of, to: Some(of[0].floor()), figure, bound }
}

const FEW: Series = at(Group::Many, 64, Side::Grpc);

const AIMS: [Aim; 17] = [
    to_floor("median latency, gRPC ÷ floor", &[at(Group::Updates, 1, Side::Grpc)], p50, AtMost(1.3)),
    to_floor("gRPC updates/s ÷ floor", &[at(Group::Updates, 16, Side::Grpc)], rate, AtLeast(1.3)),
    to_floor("gRPC updates/s ÷ floor", &[at(Group::Updates, 64, Side::Grpc)], rate, AtLeast(2.4)),
    Aim {
        name: "gRPC updates/s at 256 callers ÷ floor at 64",
        of: &[at(Group::Updates, 256, Side::Grpc)],
        to: Some(at(Group::Updates, 64, Side::Floor)),
        figure: rate,
        bound: AtLeast(2.8),
    },
    Aim {
        name: "gRPC updates/s ÷ those of the build of `--against`",
        of: &[at(Group::Updates, 64, Side::Grpc)],
        to: Some(at(Group::Updates, 64, Side::Before)),
        figure: rate,
        bound: AtLeast(1.3),
    },
    to_floor("p99 latency, gRPC ÷ floor", &[at(Group::Updates, 64, Side::Grpc)], p99, AtMost(1.0)),
    to_floor("REST updates/s ÷ floor", &[at(Group::Updates, 64, Side::Rest)], rate, AtLeast(1.6)),
    to_floor(
        "REST through a gateway alone ÷ floor",
        &[at(Group::Updates, 64, Side::Gateway)],
        rate,
        AtLeast(1.2),
    ),
    to_floor(
        "one hot session: gRPC ÷ floor on that row",
        &[at(Group::Hot, 64, Side::Grpc)],
        rate,
        AtLeast(2.0),
    ),
    to_floor("reads: gRPC ÷ pgbench SELECT", &[at(Group::Reads, 64, Side::Grpc)], rate, AtLeast(0.6)),
    to_floor("remote database: gRPC ÷ floor there", &[at(Group::Remote, 64, Side::Grpc)], rate, AtLeast(2.0)),
    to_floor(
        "remote database: gRPC ÷ floor there",
        &[at(Group::Remote, 256, Side::Grpc)],
        rate,
        AtLeast(3.0),
    ),
    to_floor("SQLite: gRPC ÷ one transaction each", &[at(Group::Sqlite, 64, Side::Grpc)], rate, AtLeast(3.0)),
    Aim {
        name: "many sessions ÷ few sessions, gRPC",
        of: &[Series { among: Among::Many, ..FEW }],
        to: Some(FEW),
        figure: rate,
        bound: AtLeast(0.9),
    },
    Aim {
        name: "WAL bytes of an update, without page images, ÷ those of the document, gRPC",
        of: &[at(Group::Updates, 64, Side::Grpc)],
        to: None,
        figure: |it| it.bytes_per_call.map(|bytes| bytes.wal / bytes.document),
        bound: AtMost(1.3),
    },
    Aim {
        name: "bytes of an update in the event table, gRPC",
        of: &[at(Group::Updates, 64, Side::Grpc)],
        to: None,
        figure: |it| it.bytes_per_call.map(|bytes| bytes.events),
        bound: AtMost(500.0),
    },
    Aim {
        name: "resident memory of `serve` under load, cache included, MB",
        of: &[
            at(Group::Updates, 256, Side::Grpc),
            at(Group::Updates, 256, Side::Rest),
            at(Group::Updates, 256, Side::Gateway),
        ],
        to: None,
        figure: |it| it.serve_peak_memory_mb,
        bound: AtMost(100.0),
    },
];

fn rate(figures: &Figures) -> Option<f64> {
    Some(figures.calls_per_second)
}

fn p50(figures: &Figures) -> Option<f64> {
    Some(figures.latency_ms.p50)
}

fn p99(figures: &Figures) -> Option<f64> {
    Some(figures.latency_ms.p99)
}

impl Aim {
    /// What was found, if all of it was measured.
    fn verdict(&self, results: &Results) -> Option<Verdict> {
        let found = |of: &Series| match self.to {
            Some(to) => {
                results.ratio(*of, to, self.figure).map(|ratio| (ratio.of_rounds, Some(ratio.of_medians)))
            }
            None => results.median(*of, self.figure).map(|median| (median, None)),
        };
        let (found, of_medians) =
            self.of.iter().filter_map(found).max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        let rounds = self.series().map(|series| results.rounds(series)).min()?;
        let callers = self.of.first()?.callers;
        Some(Verdict { of_medians, ..Verdict::new(self.name, callers, self.bound, found, rounds) })
    }

    fn series(&self) -> impl Iterator<Item = Series> {
        self.of.iter().copied().chain(self.to)
    }
}

/// What was found of each aim whose series were measured.
pub(crate) fn verdicts(results: &Results) -> Vec<Verdict> {
    AIMS.iter().filter_map(|aim| aim.verdict(results)).collect()
}

/// What those ratios are about that may reach their aim or not by chance: the machine's speed is not in bytes.
pub(crate) fn close(results: &Results) -> BTreeSet<Cell> {
    let close =
        |aim: &&Aim| aim.to.is_some() && aim.verdict(results).is_some_and(|verdict| verdict.is_close());
    AIMS.iter().filter(close).flat_map(Aim::series).map(Series::cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aims_hold_or_do_not_and_are_left_out_where_nothing_was_measured() {
        let mut results = Results::default();
        for (side, rate, p99) in
            [(Side::Floor, 1000.0, 8.0), (Side::Grpc, 2400.0, 9.0), (Side::Rest, 1200.0, 8.0)]
        {
            results.add(at(Group::Updates, 64, side), Figures::example(rate, p99));
        }
        let verdicts = verdicts(&results);
        let found: Vec<_> = verdicts.iter().map(|it| (&*it.name, it.found, it.holds, it.rounds)).collect();
        assert_eq!(
            found,
            [
                ("gRPC updates/s ÷ floor", 2.4, true, 1),
                ("p99 latency, gRPC ÷ floor", 1.125, false, 1),
                ("REST updates/s ÷ floor", 1.2, false, 1),
            ]
        );
    }

    #[test]
    fn what_is_close_is_measured_again_on_both_sides() {
        let mut results = Results::default();
        results.add(at(Group::Updates, 64, Side::Floor), Figures::example(1000.0, 8.0));
        results.add(at(Group::Updates, 256, Side::Grpc), Figures::example(2700.0, 8.0));
        let cells: Vec<_> = close(&results).into_iter().collect();
        assert_eq!(
            cells,
            [Cell { group: Group::Updates, callers: 64 }, Cell { group: Group::Updates, callers: 256 }]
        );
    }
}

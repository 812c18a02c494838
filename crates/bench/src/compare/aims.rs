//! What the service is to reach, and whether it does.

use serde::Serialize;

use super::{
    figures::Figures,
    plan::{Among, Group, Series, Side},
    results::Results,
};

/// One line of what is to be reached.
struct Aim {
    name: &'static str,
    callers: usize,
    bound: Bound,
    found: fn(&Results) -> Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// What was found of an aim.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) name: &'static str,
    pub(crate) callers: usize,
    pub(crate) aim: Bound,
    pub(crate) found: f64,
    pub(crate) holds: bool,
}

const AIMS: [Aim; 11] = [
    Aim {
        name: "gRPC updates/s ÷ floor",
        callers: 64,
        bound: Bound::AtLeast(2.0),
        found: |results| to_floor(results, at(Group::Updates, 64, Side::Grpc), rate),
    },
    Aim {
        name: "REST updates/s ÷ floor",
        callers: 64,
        bound: Bound::AtLeast(1.6),
        found: |results| to_floor(results, at(Group::Updates, 64, Side::Rest), rate),
    },
    Aim {
        name: "REST through a gateway alone ÷ floor",
        callers: 64,
        bound: Bound::AtLeast(1.2),
        found: |results| to_floor(results, at(Group::Updates, 64, Side::Gateway), rate),
    },
    Aim {
        name: "gRPC updates/s at 256 callers ÷ floor at 64",
        callers: 256,
        bound: Bound::AtLeast(3.0),
        found: |results| {
            let [grpc, floor] = [(256, Side::Grpc), (64, Side::Floor)]
                .map(|(callers, side)| at(Group::Updates, callers, side));
            results.ratio(grpc, floor, rate)
        },
    },
    Aim {
        name: "one hot session: gRPC ÷ floor on that row",
        callers: 64,
        bound: Bound::AtLeast(2.0),
        found: |results| to_floor(results, at(Group::Hot, 64, Side::Grpc), rate),
    },
    Aim {
        name: "median latency, gRPC ÷ floor",
        callers: 1,
        bound: Bound::AtMost(1.4),
        found: |results| to_floor(results, at(Group::Updates, 1, Side::Grpc), |it| Some(it.latency_ms.p50)),
    },
    Aim {
        name: "p99 latency, gRPC ÷ floor",
        callers: 64,
        bound: Bound::AtMost(1.0),
        found: |results| to_floor(results, at(Group::Updates, 64, Side::Grpc), |it| Some(it.latency_ms.p99)),
    },
    Aim {
        name: "reads: gRPC ÷ pgbench SELECT",
        callers: 64,
        bound: Bound::AtLeast(0.6),
        found: |results| to_floor(results, at(Group::Reads, 64, Side::Grpc), rate),
    },
    Aim {
        name: "SQLite: gRPC ÷ one transaction each",
        callers: 64,
        bound: Bound::AtLeast(3.0),
        found: |results| to_floor(results, at(Group::Sqlite, 64, Side::Grpc), rate),
    },
    Aim {
        name: "many sessions ÷ few sessions, gRPC",
        callers: 64,
        bound: Bound::AtLeast(0.85),
        found: |results| {
            let few = at(Group::Many, 64, Side::Grpc);
            results.ratio(Series { among: Among::Many, ..few }, few, rate)
        },
    },
    Aim {
        name: "resident memory of `serve` under load, MB",
        callers: 256,
        bound: Bound::AtMost(80.0),
        found: |results| {
            let memory = |side| results.median(at(Group::Updates, 256, side), |it| it.serve_peak_memory_mb);
            [Side::Grpc, Side::Rest, Side::Gateway].into_iter().filter_map(memory).max_by(f64::total_cmp)
        },
    },
];

/// What was found of each aim whose series were measured.
pub(crate) fn verdicts(results: &Results) -> Vec<Verdict> {
    let verdict = |aim: &Aim| {
        let found = (aim.found)(results)?;
        let holds = match aim.bound {
            Bound::AtLeast(least) => found >= least,
            Bound::AtMost(most) => found <= most,
        };
        Some(Verdict { name: aim.name, callers: aim.callers, aim: aim.bound, found, holds })
    };
    AIMS.iter().filter_map(verdict).collect()
}

fn at(group: Group, callers: usize, side: Side) -> Series {
    Series { group, callers, among: Among::Few, side }
}

fn rate(figures: &Figures) -> Option<f64> {
    Some(figures.calls_per_second)
}

fn to_floor(results: &Results, series: Series, figure: fn(&Figures) -> Option<f64>) -> Option<f64> {
    results.ratio(series, series.floor(), figure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calls::Latency, compare::stage::Cpu};

    fn figures(calls_per_second: f64, p99: f64) -> Figures {
        Figures {
            calls: 1,
            calls_per_second,
            latency_ms: Latency { p50: 1.0, p99, p99_9: p99 },
            cpu_seconds_per_1000_calls: Cpu { service: None, postgres: None, load: 0.0 },
            serve_peak_memory_mb: None,
        }
    }

    #[test]
    fn aims_hold_or_do_not_and_are_left_out_where_nothing_was_measured() {
        let mut results = Results::default();
        results.add(at(Group::Updates, 64, Side::Floor), figures(1000.0, 8.0));
        results.add(at(Group::Updates, 64, Side::Grpc), figures(2000.0, 9.0));
        results.add(at(Group::Updates, 64, Side::Rest), figures(1500.0, 8.0));
        let verdicts = verdicts(&results);
        let found: Vec<_> = verdicts.iter().map(|it| (it.name, it.found, it.holds)).collect();
        assert_eq!(
            found,
            [
                ("gRPC updates/s ÷ floor", 2.0, true),
                ("REST updates/s ÷ floor", 1.5, false),
                ("p99 latency, gRPC ÷ floor", 1.125, false),
            ]
        );
    }
}

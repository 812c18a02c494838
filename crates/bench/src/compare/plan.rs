//! What is measured, and in which order: the sides of a comparison directly after each other, in every round from another
//! one on.

use std::{collections::BTreeSet, fmt, ops::RangeInclusive};

use serde::Serialize;

use super::Options;

/// Series that are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// Updates of random sessions
    Updates,
    /// Updates of one session by all callers
    Hot,
    /// Reads of random sessions
    Reads,
    /// Updates of random sessions on SQLite
    Sqlite,
    /// Updates of random sessions, among few and among many
    Many,
    /// Updates of random sessions of a database with 1 ms of network before it and 2 ms more for each flush of its log
    Remote,
}

/// Whom callers call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// The database by itself.
    Floor,
    /// Another build of the service, over gRPC, on a database of its own.
    Before,
    /// The service, over gRPC.
    Grpc,
    /// The same process, over REST.
    Rest,
    /// A process of the gateway, over REST, which calls the service's.
    Gateway,
}

/// How many sessions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Among {
    Few,
    Many,
}

/// What is measured once in each round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Series {
    pub(crate) group: Group,
    pub(crate) callers: usize,
    pub(crate) among: Among,
    pub(crate) side: Side,
}

/// Series that are measured directly after each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) group: Group,
    pub(crate) callers: usize,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// From 1 on.
    pub(crate) round: u32,
    pub(crate) series: Series,
}

impl Group {
    pub(crate) const ALL: [Self; 6] =
        [Self::Updates, Self::Hot, Self::Reads, Self::Sqlite, Self::Many, Self::Remote];

    /// How many callers there are: as many as are asked for, where their number is what is looked at.
    pub(crate) fn callers(self, options: &Options) -> Vec<usize> {
        match self {
            Self::Updates | Self::Reads | Self::Sqlite => options.callers.clone(),
            Self::Hot | Self::Many => vec![64],
            Self::Remote => vec![64, 256],
        }
    }

    fn sides(self, options: &Options) -> Vec<(Among, Side)> {
        use {Among::*, Side::*};
        match self {
            Self::Updates if options.against.is_some() => {
                vec![(Few, Floor), (Few, Before), (Few, Grpc), (Few, Rest), (Few, Gateway)]
            }
            Self::Updates | Self::Hot => vec![(Few, Floor), (Few, Grpc), (Few, Rest), (Few, Gateway)],
            Self::Reads | Self::Sqlite => vec![(Few, Floor), (Few, Grpc), (Few, Rest)],
            Self::Many => vec![(Few, Floor), (Many, Floor), (Few, Grpc), (Many, Grpc)],
            Self::Remote => vec![(Few, Floor), (Few, Grpc)],
        }
    }
}

impl Series {
    /// The database by itself, in the same circumstances.
    pub(crate) const fn floor(self) -> Self {
        Self { side: Side::Floor, ..self }
    }

    pub(crate) fn cell(self) -> Cell {
        Cell { group: self.group, callers: self.callers }
    }
}

/// All runs, in their order.
pub(crate) fn runs(options: &Options) -> Vec<Run> {
    let cells = |group: Group| group.callers(options).into_iter().map(move |callers| Cell { group, callers });
    rounds(options, 1..=options.rounds, &options.groups().flat_map(cells).collect::<Vec<_>>())
}

/// Those rounds that cells get in addition whose aims were found to be close. None where something is only tried out.
pub(crate) fn more_runs(options: &Options, close: &BTreeSet<Cell>) -> Vec<Run> {
    /// So many rounds in all, for what would otherwise hold or not by chance.
    const ROUNDS: u32 = 5;
    let cells: &[Cell] =
        if options.rounds < Options::ROUNDS { &[] } else { &Vec::from_iter(close.iter().copied()) };
    rounds(options, options.rounds + 1..=ROUNDS, cells)
}

fn rounds(options: &Options, rounds: RangeInclusive<u32>, cells: &[Cell]) -> Vec<Run> {
    let of_cell = |round: u32, Cell { group, callers }: Cell| {
        let mut sides = group.sides(options);
        let first = (round as usize - 1) % sides.len();
        sides.rotate_left(first);
        sides
            .into_iter()
            .map(move |(among, side)| Run { round, series: Series { group, callers, among, side } })
    };
    rounds.flat_map(|round| cells.iter().flat_map(move |cell| of_cell(round, *cell))).collect()
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Floor => "floor",
            Self::Before => "gRPC, before",
            Self::Grpc => "gRPC",
            Self::Rest => "REST",
            Self::Gateway => "REST, gateway alone",
        })
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = match (self.group, self.among) {
            (Group::Updates, _) => "updates",
            (Group::Hot, _) => "updates of one session",
            (Group::Reads, _) => "reads",
            (Group::Sqlite, _) => "updates on SQLite",
            (Group::Many, Among::Few) => "updates among few sessions",
            (Group::Many, Among::Many) => "updates among many sessions",
            (Group::Remote, _) => "updates of a remote database",
        };
        let callers = if self.callers == 1 { "caller" } else { "callers" };
        write!(f, "{group}, {} {callers}, {}", self.callers, self.side)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }

    fn options(arguments: &str) -> Options {
        Program::parse_from(["bench"].into_iter().chain(arguments.split_whitespace())).options
    }

    #[test]
    fn sides_take_turns_and_each_begins_a_round() {
        let options = options("--only hot --rounds 4");
        let rounds: Vec<Vec<Side>> = (1..=4)
            .map(|round| {
                runs(&options)
                    .into_iter()
                    .filter(|run| run.round == round)
                    .map(|run| run.series.side)
                    .collect()
            })
            .collect();
        use Side::*;
        assert_eq!(
            rounds,
            [
                [Floor, Grpc, Rest, Gateway],
                [Grpc, Rest, Gateway, Floor],
                [Rest, Gateway, Floor, Grpc],
                [Gateway, Floor, Grpc, Rest],
            ]
        );
    }

    #[test]
    fn every_series_is_measured_in_every_round() {
        let options = options("");
        let series = |round| {
            let mut series: Vec<_> =
                runs(&options).into_iter().filter(|run| run.round == round).map(|run| run.series).collect();
            series.sort_unstable();
            series
        };
        let first = series(1);
        assert_eq!(first.len(), 4 * 4 + 4 + 4 * 3 + 4 * 3 + 4 + 2 * 2);
        assert!(first.windows(2).all(|pair| pair[0] < pair[1]), "{first:?}");
        assert_eq!([series(2), series(3)], [first.clone(), first]);
    }

    #[test]
    fn only_the_groups_that_are_asked_for_are_measured() {
        let options = options("--only sqlite,reads --callers 7");
        let measured: Vec<_> =
            runs(&options).iter().map(|run| (run.series.group, run.series.callers)).collect();
        assert!(measured.iter().all(|(_, callers)| *callers == 7));
        assert_eq!(measured.first().map(|(group, _)| *group), Some(Group::Reads));
        assert_eq!(measured.last().map(|(group, _)| *group), Some(Group::Sqlite));
    }

    #[test]
    fn what_is_close_gets_five_rounds_unless_it_has_them_or_is_tried_out() {
        let close = BTreeSet::from([Cell { group: Group::Sqlite, callers: 64 }]);
        let rounds = |arguments| {
            more_runs(&options(arguments), &close).iter().map(|run| run.round).collect::<Vec<_>>()
        };
        assert_eq!(rounds("--rounds 3"), [4, 4, 4, 5, 5, 5]);
        assert_eq!(rounds("--rounds 4"), [5, 5, 5]);
        assert!(rounds("--rounds 5").is_empty());
        assert!(rounds("--rounds 2").is_empty());
    }
}

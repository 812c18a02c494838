//! Compares the service with its databases by themselves.

mod aims;
mod bytes;
mod check;
mod figures;
mod json;
mod machine;
mod measure;
mod plan;
mod plot;
mod progress;
mod results;
mod stage;
mod table;

use std::{collections::VecDeque, fs::OpenOptions, io, path::PathBuf};

use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use crate::{Failure, load::grpc::View};
use plan::Group;
use progress::Progress;
use results::Results;
use stage::Stage;

/// What the service takes at once over the gRPC callers' connections: 200 calls over each.
const MAX_CALLERS: u64 = 800;

#[derive(Debug, clap::Args, Serialize)]
pub(crate) struct Options {
    /// How many sessions there are, each the documented one with an id of its own
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,

    /// How many there are where there are many: for the group of that name alone
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    many_sessions: u32,

    /// How often everything is measured; what is printed are medians. From 3 on, what is within a tenth of its aim gets 5.
    /// Fewer are for trying it out
    #[arg(long, value_name = "COUNT", default_value_t = Options::ROUNDS, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// How long each run is measured, in seconds, behind one second that is not
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// How many callers there are at once, separated by commas; in the groups `hot` and `many` always 64, in
    /// `remote` 64 and 256
    #[arg(
        long,
        value_name = "COUNTS",
        value_delimiter = ',',
        default_value = "1,16,64,256",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_CALLERS)
    )]
    callers: Vec<usize>,

    /// What gRPC callers have returned of a session
    #[arg(long, value_enum, default_value = "typed")]
    view: View,

    /// Measure only these groups, separated by commas, in place of all
    #[arg(long, value_enum, value_name = "GROUPS", value_delimiter = ',')]
    only: Vec<Group>,

    /// A program `channel-sessions` of another build, such as the last commit's: updates over gRPC are measured with both in
    /// turn, and the group `updates` has a line more. It makes tables of its own
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,

    /// Write all figures of all rounds to this file, as JSON
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    json: Option<PathBuf>,

    /// Draw updates over callers into this file, as SVG; needs the group `updates`
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    svg: Option<PathBuf>,
}

impl Options {
    const ROUNDS: u32 = 3;

    /// The groups to measure, in order.
    fn groups(&self) -> impl Iterator<Item = Group> {
        Group::ALL.into_iter().filter(|group| self.only.is_empty() || self.only.contains(group))
    }

    /// Whether a group is measured.
    fn has(&self, group: Group) -> bool {
        self.groups().any(|other| other == group)
    }
}

/// Measures everything in turn, prints tables, and writes the files that were asked for.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    if options.svg.is_some() && !options.has(Group::Updates) {
        return Err("--svg draws the group `updates`, which --only leaves out".into());
    }
    for file in options.json.iter().chain(&options.svg) {
        // Better now than when everything has been measured.
        let opened = OpenOptions::new().append(true).create(true).open(file);
        opened.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    let runs = plan::runs(&options);
    let progress = Progress::new(runs.len());
    let stage = Stage::set(&options).await?;
    let machine = machine::describe(&stage)?;
    let mut results = Results::default();
    let mut left = VecDeque::from(runs);
    while let Some(run) = left.pop_front() {
        progress.begin(&run);
        let figures = measure::run(&stage, &run, &options).await?;
        progress.end(&run, &figures);
        results.add(run.series, figures);
        if left.is_empty() && run.round <= options.rounds {
            left.extend(plan::more_runs(&options, &aims::close(&results)));
            progress.extend(left.len());
        }
    }
    drop(progress);
    table::print(&mut io::stdout().lock(), &results, &options)?;
    if let Some(file) = &options.json {
        json::write(file, &machine, &options, &results)?;
    }
    if let Some(file) = &options.svg {
        plot::draw(file, &results)?;
    }
    Ok(())
}

//! Updates while metrics are scraped and traces are sent, and while nothing is told; and with a line of log for each.

mod collector;

use std::time::Duration;

use crate::{
    Failure,
    aim::{self, Bound, Verdict},
    load::{
        self,
        grpc::{Updates, View},
    },
    median::median,
    postgres,
    process::{Process, Telling},
};
use collector::Collector;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many sessions are updated
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// How many callers update them
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// How many traces in a hundred are sampled
    #[arg(long, default_value_t = 1)]
    percent: u32,
    /// How often each side is measured
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long each time, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// What metrics and traces leave of the updates a second.
const AIM: f64 = 0.98;

/// What is wanted of a line for each call beside that.
const LINES_AIM: f64 = 0.9;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("telemetry").await?;
    let quiet = Process::serve_telling(database.url(), &Telling::default()).await?;
    database.fill(0..args.sessions, args.sessions).await?;
    let collector = Collector::start().await?;
    let sampled = format!("{}", f64::from(args.percent) / 100.0);
    let telling = Telling { metrics: true, collector: Some((collector.address(), &sampled)), lines: false };
    let telling = Process::serve_telling(database.url(), &telling).await?;
    let _scrapes = collector::scrape(telling.metrics()?);
    let lines = Telling { lines: true, ..Telling::default() };
    let lines = Process::serve_telling(database.url(), &lines).await?;
    let side = |service: &Process| -> Result<_, Failure> {
        Ok(Updates { address: service.grpc()?.to_owned(), view: View::Typed, secure: None })
    };
    let sides = [side(&quiet)?, side(&telling)?, side(&lines)?];

    let (mut told, mut logged) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        let mut rates = [0.0; 3];
        // Each of them begins a round.
        for at in (0..sides.len()).map(|at| (round + at) % sides.len()) {
            let running = load::start(&sides[at], args.callers, 0..args.sessions).await?;
            rates[at] = running.rate(Duration::from_secs(args.seconds)).await?;
        }
        let [quiet, telling, lines] = rates;
        println!(
            "round {round}: {quiet:.0} updates/s in silence, {telling:.0} with metrics and traces, {lines:.0} with a line for each call"
        );
        told.push(telling / quiet);
        logged.push(lines / quiet);
    }
    println!("{} requests of the collector's", collector.requests());
    let verdict = |name, aim, ratios| {
        let ratio = median(ratios).ok_or("there was no round")?;
        Ok::<_, Failure>(Verdict::new(name, args.callers, Bound::AtLeast(aim), ratio, args.rounds))
    };
    let verdicts = [
        verdict("gRPC updates/s with metrics and traces ÷ without", AIM, told)?,
        verdict("gRPC updates/s with a line of log for each ÷ without", LINES_AIM, logged)?,
    ];
    println!("\n{}", aim::table(&verdicts));
    Ok(())
}

//! Updates while metrics are scraped and traces are sent, and while nothing is exported; and with a line of log for
//! each.

mod collector;

use crate::{
    Failure, aim,
    load::grpc::{Updates, View},
    postgres,
    process::{Process, Telemetry},
    sides,
};
use collector::Collector;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    sides: sides::Args,
    /// How many traces in a hundred are sampled
    #[arg(long, default_value_t = 1)]
    percent: u32,
}

/// What metrics and traces leave of the updates a second.
const AIM: f64 = 0.98;

/// What is wanted of a line for each call beside that.
const LINES_AIM: f64 = 0.9;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("telemetry").await?;
    let quiet = Process::serve_with_telemetry(database.url(), &Telemetry::default()).await?;
    database.fill(0..args.sides.sessions, args.sides.sessions).await?;
    let collector = Collector::start().await?;
    let sampled = format!("{}", f64::from(args.percent) / 100.0);
    let exporting =
        Telemetry { metrics: true, collector: Some((collector.address(), &sampled)), lines: false };
    let exporting = Process::serve_with_telemetry(database.url(), &exporting).await?;
    let _scrapes = collector::scrape(exporting.metrics()?);
    let lines = Telemetry { lines: true, ..Telemetry::default() };
    let lines = Process::serve_with_telemetry(database.url(), &lines).await?;
    let side = |service: &Process| -> Result<_, Failure> {
        Ok(Updates { address: service.grpc()?.to_owned(), view: View::Typed, secure: None })
    };
    let sides = [
        ("in silence", side(&quiet)?),
        ("with metrics and traces", side(&exporting)?),
        ("with a line for each call", side(&lines)?),
    ];
    let rounds = args.sides.rates(sides).await?;
    println!("{} requests of the collector's", collector.requests());
    let ratios = rounds.iter().map(|[quiet, exporting, _]| exporting / quiet);
    let logged = rounds.iter().map(|[quiet, _, lines]| lines / quiet);
    let verdicts = [
        args.sides.verdict("gRPC updates/s with metrics and traces ÷ without", AIM, ratios)?,
        args.sides.verdict("gRPC updates/s with a line of log for each ÷ without", LINES_AIM, logged)?,
    ];
    println!("\n{}", aim::table(&verdicts));
    Ok(())
}

//! Updates while many expired events are deleted, and how fast these go; also while somebody's snapshot is open, which keeps
//! what was deleted from being vacuumed.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tokio::time::sleep;

use crate::{
    Failure,
    aim::{self, Bound, Verdict},
    calls::{Latency, Moment, Window},
    load::{
        self,
        grpc::{self, View},
    },
    median::median,
    postgres::{self, Database},
    process::Process,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many events have expired at first
    #[arg(long, default_value_t = 1_000_000)]
    events: u32,
    /// How many sessions there are
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// How many callers update them
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=800))]
    callers: u16,
    /// How often each side is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each time, in seconds, behind one second that is not
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Go on in the end, with updates, until all that had expired is gone, and say how long that takes
    #[arg(long)]
    to_the_end: bool,
}

/// How old the events are.
const AGO: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Settings with which they are kept, and with which they have expired.
const KEEPING: [&str; 2] = ["--event-retention", "3650days"];
const EXPIRING: [&str; 4] = ["--event-retention", "7days", "--retention-interval", "1s"];

/// After this, something must be wrong. A vacuum of ten million events takes minutes, as PostgreSQL paces it.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// What goes on beside the updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Meanwhile,
    WithSnapshot,
}

impl Side {
    const ALL: [Self; 3] = [Self::Before, Self::Meanwhile, Self::WithSnapshot];

    fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Meanwhile => "meanwhile",
            Self::WithSnapshot => "meanwhile, with an old snapshot open",
        }
    }
}

struct Figures {
    updates: f64,
    latency: Latency,
    deleted: f64,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("retention").await?;
    // Makes the tables.
    drop(Process::serve(database.url()).await?);
    database.fill(0..args.sessions, args.sessions).await?;
    let start = Instant::now();
    database.fill_events(args.events, args.sessions, AGO).await?;
    println!("{} events made in {:.0} s", args.events, start.elapsed().as_secs_f64());

    let mut rounds = Vec::new();
    for round in 1..=args.rounds {
        let mut figures = Vec::new();
        for side in Side::ALL {
            let measured = measure(&database, side, &args).await?;
            let Figures { updates, latency, deleted } = &measured;
            println!(
                "round {round}, {}: {updates:.0} updates/s, p50 {:.2} ms, p99 {:.2} ms; {deleted:.0} events/s deleted",
                side.name(),
                latency.p50,
                latency.p99
            );
            figures.push(measured);
        }
        rounds.push(figures);
    }
    print(&rounds, &args);
    if args.to_the_end { end(&database, &args).await } else { Ok(()) }
}

async fn measure(database: &Database, side: Side, args: &Args) -> Result<Figures, Failure> {
    // The vacuum of what the side before this one has deleted is not this one's.
    within_limit(async || Ok(!database.is_vacuuming().await?)).await?;
    let snapshot = match side {
        Side::WithSnapshot => Some(snapshot(database).await?),
        Side::Before | Side::Meanwhile => None,
    };
    let settings: &[&str] = if side == Side::Before { &KEEPING } else { &EXPIRING };
    let deleted = database.deleted_events().await?;
    let serve = Process::serve_with(database.url(), settings).await?;
    if side != Side::Before {
        within_limit(async || Ok(database.deleted_events().await? > deleted)).await?;
    }
    let updates = grpc::Updates { address: serve.grpc()?.to_owned(), view: View::Typed, secure: None };
    let running = load::start(&updates, args.callers.into(), 0..args.sessions).await?;
    let (from, deleted) = (Moment::now(), database.deleted_events().await?);
    sleep(Duration::from_secs(args.seconds)).await;
    let (to, deleted_by_then) = (Moment::now(), database.deleted_events().await?);
    let load = running.finish().await?;
    if side != Side::Before && deleted_by_then >= i64::from(args.events) {
        return Err("all that had expired was gone before the end: it takes more --events".into());
    }
    if let Some(snapshot) = snapshot {
        snapshot.close().await?;
    }
    let window = Window { from, to };
    Ok(Figures {
        updates: window.calls(&load.calls).count() as f64 / window.seconds(),
        latency: Latency::of(window.calls(&load.calls)).ok_or("no call was answered")?,
        deleted: (deleted_by_then - deleted) as f64 / window.seconds(),
    })
}

/// A transaction that sees what there was when it began, until its connection ends.
async fn snapshot(database: &Database) -> Result<PgConnection, Failure> {
    let mut connection = database.connect().await?;
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").execute(&mut connection).await?;
    Ok(connection)
}

async fn within_limit(condition: impl AsyncFn() -> Result<bool, Failure>) -> Result<(), Failure> {
    let start = Instant::now();
    while !condition().await? {
        if start.elapsed() > LIMIT {
            return Err("what was waited for does not come".into());
        }
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

fn print(rounds: &[Vec<Figures>], args: &Args) {
    let figures = |side: usize, figure: fn(&Figures) -> f64| {
        rounds.iter().filter_map(move |sides| sides.get(side).map(figure)).collect::<Vec<_>>()
    };
    let middle = |values: Vec<f64>| median(values).unwrap_or(f64::NAN);
    let p99 = |side| figures(side, |it| it.latency.p99);
    println!(
        "\n| | updates/s | p50, ms | p99, ms | ÷ before | of medians | events deleted/s |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    let mut verdicts = Vec::new();
    for (number, side) in Side::ALL.into_iter().enumerate() {
        let ratio = middle(p99(number).iter().zip(p99(0)).map(|(of, to)| of / to).collect());
        let of_medians = middle(p99(number)) / middle(p99(0));
        println!(
            "| {} | {:.0} | {:.2} | {:.2} | {ratio:.2} | {of_medians:.2} | {:.0} |",
            side.name(),
            middle(figures(number, |it| it.updates)),
            middle(figures(number, |it| it.latency.p50)),
            middle(p99(number)),
            middle(figures(number, |it| it.deleted))
        );
        if side != Side::Before {
            let name = format!("{} expired events: p99 of updates {} ÷ before", args.events, side.name());
            let verdict = Verdict::new(name, args.callers.into(), Bound::AtMost(1.2), ratio, rounds.len());
            verdicts.push(Verdict { of_medians: Some(of_medians), ..verdict });
        }
    }
    println!("\n{}", aim::table(&verdicts));
}

/// Waits until what had expired is gone, under the same load.
async fn end(database: &Database, args: &Args) -> Result<(), Failure> {
    let deleted = database.deleted_events().await?;
    let serve = Process::serve_with(database.url(), &EXPIRING).await?;
    let updates = grpc::Updates { address: serve.grpc()?.to_owned(), view: View::Typed, secure: None };
    let start = Instant::now();
    let left = i64::from(args.events) - deleted;
    while database.deleted_events().await? < i64::from(args.events) {
        // A minute's calls at a time, since each is remembered.
        let running = load::start(&updates, args.callers.into(), 0..args.sessions).await?;
        let minute = Instant::now();
        while minute.elapsed() < Duration::from_secs(60)
            && database.deleted_events().await? < i64::from(args.events)
        {
            sleep(Duration::from_millis(500)).await;
        }
        running.finish().await?;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("the other {left} were gone after {seconds:.0} s, {:.0} a second", left as f64 / seconds);
    Ok(())
}

//! From an update's commit until watchers have its event, over many events that are kept: watchers of the process that made
//! the update, and of another one on the same database.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use channel_session_api::v1::WatchChannelSessionsRequest;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    Failure,
    aim::{self, Bound, Verdict},
    calls::{Call, Latency},
    load::{
        Caller, Target, WARM_UP,
        grpc::{self, View},
        update::Token,
    },
    postgres,
    process::Process,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many events are kept
    #[arg(long, default_value_t = 1_000_000)]
    events: u32,
    /// How many sessions have them
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// How many updates are made a second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// How long, in seconds, behind one second that is not counted
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

/// Short enough to be kept.
const AGO: Duration = Duration::from_secs(60 * 60);

/// After this, an event counts as lost.
const LOST: Duration = Duration::from_secs(30);

/// A session's revision.
type Update = (u32, i64);

/// When something became known of an update.
type Moments = UnboundedReceiver<(Update, Instant)>;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("events").await?;
    let [own, other] = [Process::serve(database.url()).await?, Process::serve(database.url()).await?];
    database.fill(0..args.sessions, args.sessions).await?;
    let start = Instant::now();
    database.fill_events(args.events, args.sessions, AGO).await?;
    println!("{} events made in {:.0} s", args.events, start.elapsed().as_secs_f64());

    let mut tasks = JoinSet::new();
    let watchers = [
        ("the same process", 25.0, watch(&own, &mut tasks).await?),
        ("another process", 75.0, watch(&other, &mut tasks).await?),
    ];
    let updates = update(&own, &args).await?;
    let calls: Vec<Call> = updates.iter().map(|update| update.call).collect();
    println!("\n| | p50, ms | p99, ms | p99.9, ms |\n|---|---:|---:|---:|");
    print("update", &Latency::of(calls.iter()).ok_or("there was no update")?);
    let mut verdicts = Vec::new();
    for (name, bound, moments) in watchers {
        let latency = after_commit(&updates, moments).await?;
        print(&format!("commit → watcher of {name}"), &latency);
        let name = format!("commit → watcher of {name}, p99, ms, over {} kept events", args.events);
        verdicts.push(Verdict::new(name, 1, Bound::AtMost(bound), latency.p99, 1));
    }
    println!("\n{}", aim::table(&verdicts));
    Ok(())
}

fn print(name: &str, Latency { p50, p99, p99_9 }: &Latency) {
    println!("| {name} | {p50:.2} | {p99:.2} | {p99_9:.2} |");
}

/// Watches all sessions until the tasks are dropped.
async fn watch(process: &Process, tasks: &mut JoinSet<()>) -> Result<Moments, Failure> {
    let mut client = grpc::connect(process.grpc()?).await?;
    let mut stream =
        client.watch_channel_sessions(WatchChannelSessionsRequest::default()).await?.into_inner();
    let (moments, received) = unbounded_channel();
    tasks.spawn(async move {
        // The client ends with its connection, which the stream needs.
        let _client = client;
        while let Ok(Some(response)) = stream.message().await {
            let at = Instant::now();
            let Some(event) = response.event else { continue };
            let number = event.channel_session_id.strip_prefix("session-").and_then(|it| it.parse().ok());
            if let Some(session) = number
                && moments.send(((session, event.revision), at)).is_err()
            {
                return;
            }
        }
    });
    Ok(received)
}

/// An update and when its caller knew of its commit.
struct Acknowledged {
    update: Update,
    at: Instant,
    call: Call,
}

/// Makes updates at their rate, each at its time or as soon as those before it are answered. Those of the first second are
/// made, and not returned.
async fn update(process: &Process, args: &Args) -> Result<Vec<Acknowledged>, Failure> {
    let target = grpc::Updates { address: process.grpc()?.to_owned(), view: View::Json, secure: None };
    let mut callers = target.connect(1).await?;
    let caller = callers.first_mut().ok_or("one caller was asked for")?;
    let mut ticks = interval(Duration::from_secs(1) / args.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    let mut updates = Vec::new();
    while start.elapsed() < WARM_UP + Duration::from_secs(args.seconds) {
        ticks.tick().await;
        let session = fastrand::u32(0..args.sessions);
        let call = Instant::now();
        let revision = caller.call(session, Token::next()).await?;
        let at = Instant::now();
        if start.elapsed() >= WARM_UP {
            updates.push(Acknowledged { update: (session, revision), at, call: Call::answered(at - call) });
        }
    }
    Ok(updates)
}

/// How long after their commits a watcher had the events of updates: nothing where it had one before the caller knew.
async fn after_commit(updates: &[Acknowledged], mut moments: Moments) -> Result<Latency, Failure> {
    let mut missing: HashMap<Update, Instant> = updates.iter().map(|it| (it.update, it.at)).collect();
    let mut delivered = Vec::with_capacity(updates.len());
    while !missing.is_empty() {
        let Ok(Some((update, at))) = timeout(LOST, moments.recv()).await else {
            return Err(format!("{} events were not seen", missing.len()).into());
        };
        if let Some(acknowledged) = missing.remove(&update) {
            delivered.push(Call::answered(at.saturating_duration_since(acknowledged)));
        }
    }
    Latency::of(delivered.iter()).ok_or_else(|| "there was no event".into())
}

//! A tenant's updates alone, and beside another tenant that floods the service, in turn. The tenant keeps within its share: half
//! a machine that is full is half as fast, whoever has the rest of it.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    Failure,
    access::guarded::Guarded,
    aim::{self, Bound, Verdict},
    calls::{Latency, Moment, Window},
    load::{
        self, Target,
        grpc::{Updater, Updates, View},
    },
    median::median,
    postgres,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many sessions each tenant has
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// How many callers the tenant has; the other one has ten times as many
    #[arg(long, default_value_t = 8)]
    callers: usize,
    /// How long each of its callers waits before its next call, in milliseconds. The other's do not wait
    #[arg(long, default_value_t = 6)]
    pause: u64,
    /// How often each is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each time, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// How many times as many callers the other tenant has.
const FLOOD: usize = 10;

/// How many times as long the tenant's calls may take beside the other's.
const AIM: f64 = 1.5;

/// Gives the other tenant the same sessions.
const COPY: &str = "
    INSERT INTO channel_session (tenant_id, id, revision, document, conversation_id, customer_id, channel_type, active,
                                 ended_at)
    SELECT 'flood', id, revision, document, conversation_id, customer_id, channel_type, active, ended_at
    FROM channel_session";

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("tenants").await?;
    let folder = tempfile::tempdir()?;
    let guarded = Guarded::start(database.url(), folder.path(), &[]).await?;
    database.fill(0..args.sessions, args.sessions).await?;
    sqlx::raw_sql(COPY).execute(&mut database.connect().await?).await?;
    let updates = |tenant| -> Result<Updates, Failure> {
        let address = guarded.serve.grpc()?.to_owned();
        Ok(Updates { address, view: View::Typed, secure: Some(guarded.secure(tenant)?) })
    };
    let own = Paced { updates: updates("default")?, pause: Duration::from_millis(args.pause) };
    let flood = updates("flood")?;

    let mut ratios = Vec::new();
    for round in 1..=args.rounds {
        let alone = measure(&own, &args).await?;
        let flooding = load::start(&flood, FLOOD * args.callers, 0..args.sessions).await?;
        let beside = measure(&own, &args).await?;
        drop(flooding);
        let [(alone_rate, alone), (rate, beside)] = [alone, beside];
        println!(
            "round {round}: alone {alone_rate:.0} updates/s, p99 {:.2} ms; beside the other {rate:.0}, {:.2} ms",
            alone.p99, beside.p99
        );
        ratios.push(beside.p99 / alone.p99);
    }
    let ratio = median(ratios).ok_or("there was no round")?;
    let name = "p99 of a tenant's updates beside another at ten times its share ÷ alone";
    println!("\n{}", aim::table(&[Verdict::new(name, args.callers, Bound::AtMost(AIM), ratio, args.rounds)]));
    Ok(())
}

/// Updates of callers who wait between them.
#[derive(Clone)]
struct Paced {
    updates: Updates,
    pause: Duration,
}

impl Target for Paced {
    type Caller = Updater;

    fn pause(&self) -> Duration {
        self.pause
    }

    async fn connect(&self, callers: usize) -> Result<Vec<Updater>, Failure> {
        self.updates.connect(callers).await
    }
}

/// Updates a second, and how long they took.
async fn measure(target: &Paced, args: &Args) -> Result<(f64, Latency), Failure> {
    let running = load::start(target, args.callers, 0..args.sessions).await?;
    let from = Moment::now();
    sleep(Duration::from_secs(args.seconds)).await;
    let window = Window { from, to: Moment::now() };
    let load = running.finish().await?;
    let latency = Latency::of(window.calls(&load.calls)).ok_or("no call was answered")?;
    Ok((window.calls(&load.calls).count() as f64 / window.seconds(), latency))
}

//! Updates with TLS and tokens, and without, in turn.

pub(crate) mod guarded;
mod issuer;

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
    process::Process,
};
use guarded::Guarded;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many sessions are updated
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// How many callers update them
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// How often each side is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each time, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// What is to be left of the updates a second.
const AIM: f64 = 0.85;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("access").await?;
    let open = Process::serve(database.url()).await?;
    database.fill(0..args.sessions, args.sessions).await?;
    let folder = tempfile::tempdir()?;
    let guarded = Guarded::start(database.url(), folder.path()).await?;
    let view = View::Typed;
    let sides = [
        Updates { address: open.grpc()?.to_owned(), view, secure: None },
        Updates { address: guarded.serve.grpc()?.to_owned(), view, secure: Some(guarded.secure("default")?) },
    ];

    let mut ratios = Vec::new();
    for round in 1..=args.rounds {
        let mut rates = [0.0; 2];
        // Each of them begins a round.
        for at in [round % 2, (round + 1) % 2] {
            let running = load::start(&sides[at], args.callers, 0..args.sessions).await?;
            rates[at] = running.rate(Duration::from_secs(args.seconds)).await?;
        }
        let [without, with] = rates;
        println!("round {round}: {without:.0} updates/s without, {with:.0} with TLS and tokens");
        ratios.push(with / without);
    }
    let ratio = median(ratios).ok_or("there was no round")?;
    let name = "gRPC updates/s with TLS and tokens ÷ without";
    println!(
        "\n{}",
        aim::table(&[Verdict::new(name, args.callers, Bound::AtLeast(AIM), ratio, args.rounds)])
    );
    Ok(())
}

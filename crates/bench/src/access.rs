//! Updates with TLS and tokens, and without, in turn; and with row-level security beside these.

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

/// What row-level security is to leave of that.
const ROW_LEVEL_SECURITY_AIM: f64 = 0.9;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("access").await?;
    let open = Process::serve(database.url()).await?;
    database.fill(0..args.sessions, args.sessions).await?;
    let folder = tempfile::tempdir()?;
    let guarded = Guarded::start(database.url(), folder.path(), &[]).await?;
    // No superuser, whom no policy holds for; on a database of its own, since whoever does not expect policies finds nothing.
    let (of_rows, owner_url) = server.create_owned("rows").await?;
    let own = tempfile::tempdir()?;
    let rows = Guarded::start(&owner_url, own.path(), &["--row-level-security", "on"]).await?;
    of_rows.fill(0..args.sessions, args.sessions).await?;
    let view = View::Typed;
    let secured = |service: &Guarded| -> Result<_, Failure> {
        let (address, secure) = (service.serve.grpc()?.to_owned(), Some(service.secure("default")?));
        Ok(Updates { address, view, secure })
    };
    let open = Updates { address: open.grpc()?.to_owned(), view, secure: None };
    let sides = [open, secured(&guarded)?, secured(&rows)?];

    let (mut access, mut security) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        let mut rates = [0.0; 3];
        // Each of them begins a round.
        for at in (0..sides.len()).map(|at| (round + at) % sides.len()) {
            let running = load::start(&sides[at], args.callers, 0..args.sessions).await?;
            rates[at] = running.rate(Duration::from_secs(args.seconds)).await?;
        }
        let [without, with, rows] = rates;
        println!(
            "round {round}: {without:.0} updates/s without, {with:.0} with TLS and tokens, {rows:.0} with row-level security, too"
        );
        access.push(with / without);
        security.push(rows / with);
    }
    let verdict = |name, aim, ratios| {
        let ratio = median(ratios).ok_or("there was no round")?;
        Ok::<_, Failure>(Verdict::new(name, args.callers, Bound::AtLeast(aim), ratio, args.rounds))
    };
    let verdicts = [
        verdict("gRPC updates/s with TLS and tokens ÷ without", AIM, access)?,
        verdict("the same with row-level security ÷ without", ROW_LEVEL_SECURITY_AIM, security)?,
    ];
    println!("\n{}", aim::table(&verdicts));
    Ok(())
}

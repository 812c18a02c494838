//! How often the service asks for memory in a call: of one caller, whose calls are each alone in a batch, and of several.

use crate::{
    Failure,
    aim::{self, Bound, Verdict},
    allocator,
    load::{
        self, Caller, Target,
        grpc::{self, View},
        rest,
        update::Token,
    },
    postgres,
    process::Process,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many calls of each kind are counted
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// How many sessions they are about, in turn. Each is called before anything is counted
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
}

/// What the service may take for an update, beyond what an empty call takes.
const AIM: f64 = 60.0;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    if allocator::count().is_none() {
        return Err("this build does not count; build it with --features count-allocations".into());
    }
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("allocations").await?;
    let mut serve = Process::serve(database.url()).await?;
    let mut nothing = Process::empty().await?;
    database.fill(0..args.sessions, args.sessions).await?;

    let [grpc, http] = [serve.grpc()?.to_owned(), serve.http()?.to_owned()];
    let checks = grpc::Checks { address: nothing.grpc()?.to_owned() };
    let empty = count(&mut nothing, &checks, &args).await?;
    let view = View::Typed;
    let updates = grpc::Updates { address: grpc.clone(), view, secure: None };
    let update = count(&mut serve, &updates, &args).await?;
    let others = [
        ("gRPC, update, 64 callers", count_at_once(&mut serve, &updates, &args).await?),
        ("gRPC, read", count(&mut serve, &grpc::Reads { address: grpc, view }, &args).await?),
        ("REST, update", count(&mut serve, &rest::Updates { address: http.clone() }, &args).await?),
        ("REST, read", count(&mut serve, &rest::Reads { address: http }, &args).await?),
    ];
    println!(
        "\n| call | allocations | beyond an empty call |\n|---|---:|---:|\n| gRPC, empty | {empty:.1} | – |"
    );
    for (name, count) in [("gRPC, update", update)].into_iter().chain(others) {
        println!("| {name} | {count:.1} | {:.1} |", count - empty);
    }
    let name = "allocations of the service for an update over gRPC, beyond an empty call's";
    println!("\n{}", aim::table(&[Verdict::new(name, 1, Bound::AtMost(AIM), update - empty, 1)]));
    Ok(())
}

/// How often a process asks for memory for each call that is made of it.
async fn count(process: &mut Process, target: &impl Target, args: &Args) -> Result<f64, Failure> {
    let mut callers = target.connect(1).await?;
    let caller = callers.first_mut().ok_or("one caller was asked for")?;
    for session in 0..args.sessions {
        caller.call(session, Token::next()).await?;
    }
    let before = process.allocations().await?;
    for call in 0..args.calls {
        caller.call(call % args.sessions, Token::next()).await?;
    }
    Ok((process.allocations().await? - before) as f64 / f64::from(args.calls))
}

/// The same of many callers at once, whose calls share batches, for as long as a load takes to get warm.
async fn count_at_once(process: &mut Process, target: &impl Target, args: &Args) -> Result<f64, Failure> {
    let before = process.allocations().await?;
    let load = load::start(target, 64, 0..args.sessions).await?.finish().await?;
    Ok((process.allocations().await? - before) as f64 / load.calls.len() as f64)
}

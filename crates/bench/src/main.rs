//! Measures the service on databases that it starts for itself: everything on one machine and in one run, where the
//! sides of a comparison take turns. It asserts no time; it prints what it saw.

#![allow(clippy::print_stdout, reason = "a measurement prints")]

mod access;
mod aim;
mod allocations;
mod allocator;
mod calls;
mod compare;
mod events;
mod floor;
mod listing;
mod load;
mod median;
mod postgres;
mod proc;
mod process;
mod retention;
mod sides;
mod sqlite;
mod telemetry;
mod tenants;
mod watchers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Why a measurement cannot be made, or does not count.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Compares the service with its databases by themselves.
///
/// It starts a PostgreSQL of its own with stock settings apart from memory, the service on it, and the service on an
/// SQLite file; it takes turns between pgbench and the service's callers; and it looks up every update that was
/// acknowledged. The rest of the machine should be idle.
#[derive(Debug, Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    compare: compare::Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Updates with and without watchers: how much they are slowed, and what memory the service takes
    Watchers(watchers::Args),
    /// From an update's commit until watchers have its event, over many kept ones
    Events(events::Args),
    /// Updates before and while many expired events are deleted, and how fast these go
    Retention(retention::Args),
    /// How often the service asks for memory in a call; needs a build with `--features count-allocations`
    Allocations(allocations::Args),
    /// Updates with TLS and tokens, and without, in turn
    Access(sides::Args),
    /// A tenant's updates alone, and beside another tenant that floods the service
    Tenants(tenants::Args),
    /// Updates while metrics are scraped and traces are sent, and while nothing is exported; and with a line of log for
    /// each
    Telemetry(telemetry::Args),
    /// Pages of lists among few and among many sessions, how they are found, and what share of updates is HOT
    Listing(listing::Args),
}

fn main() -> ExitCode {
    if let Some(code) = process::as_service() {
        return code;
    }
    let cli = Program::parse();
    match measure(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Measures until it is done or interrupted. Either way, what was started is stopped.
fn measure(cli: Program) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let measured = async {
            match cli.command {
                None => compare::run(cli.compare).await,
                Some(Command::Watchers(args)) => watchers::run(args).await,
                Some(Command::Events(args)) => events::run(args).await,
                Some(Command::Retention(args)) => retention::run(args).await,
                Some(Command::Allocations(args)) => allocations::run(args).await,
                Some(Command::Access(args)) => access::run(args).await,
                Some(Command::Tenants(args)) => tenants::run(args).await,
                Some(Command::Telemetry(args)) => telemetry::run(args).await,
                Some(Command::Listing(args)) => listing::run(args).await,
            }
        };
        tokio::select! {
            result = measured => result,
            _ = terminate.recv() => Err("terminated".into()),
            _ = interrupt.recv() => Err("interrupted".into()),
        }
    })
}

//! Measures the service on a PostgreSQL that it starts for itself: everything on one machine, in one run, each side in
//! turn. It asserts no time; it prints what it saw.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints, and what fails ends it")]

mod listing;
mod median;
mod service;
mod watchers;

use clap::{Parser, Subcommand};

/// Measures the service on a throwaway PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "bench", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Updates with and without watchers: how much they are slowed, and what memory the service takes
    Watchers(watchers::Args),
    /// Pages of lists among few and among many sessions, how they are found, and what share of updates is HOT
    Listing(listing::Args),
}

fn main() {
    // The service is this program, started again: what is measured is what was built with it.
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == service::AS_SERVICE) {
        let command = std::iter::once("channel-sessions".into()).chain(arguments.into_iter().skip(2));
        let code = server::command::Cli::parse_from(command).run();
        std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match Cli::parse().command {
            Command::Watchers(args) => watchers::run(args).await,
            Command::Listing(args) => listing::run(args).await,
        }
    });
}

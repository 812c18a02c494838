//! Starts the program.

use std::process::ExitCode;

use clap::Parser;
use server::command::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}

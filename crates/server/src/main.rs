//! Starts the program.

use std::process::ExitCode;

use server::command::Cli;

fn main() -> ExitCode {
    Cli::main()
}

//! Starts the program.

use std::process::ExitCode;

use channel_sessions_server::command::Cli;

fn main() -> ExitCode {
    Cli::main()
}

//! Starts the program.

use std::process::ExitCode;

use channel_sessions_server::cli::Program;

fn main() -> ExitCode {
    Program::main()
}

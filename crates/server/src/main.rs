//! Starts the program.

use std::process::ExitCode;

use channel_sessions_server::cli::Program;

/// A call is many small allocations, of which this allocator makes less work than the system's does. It belongs to the
/// program and not to the library: the benchmark, which holds the library, counts what the service asks for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Program::main()
}

//! Starts the program.

use std::process::ExitCode;

use channel_sessions_server::cli::Program;
use tikv_jemallocator::Jemalloc;

/// A call is many small allocations, of which this allocator makes less work than the system's does; and what large requests leave
/// behind is used again or given back, where others kept three times what was in use. Its settings are in `.cargo/config.toml`.
/// It belongs to the program and not to the library: the benchmark, which holds the library, counts what the service asks for.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    Program::main()
}

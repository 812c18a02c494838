//! The program `channel-sessions`: configuration, wiring, telemetry, shutdown, and its commands.

pub mod cli;
pub mod config;
pub mod export;
mod files;
pub mod import;
mod listener;
mod readiness;
mod retention;
mod sample;
mod shutdown;
mod staged_close;
mod store;
mod telemetry;

/// A call is many small allocations, of which this allocator makes less work than the system's does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

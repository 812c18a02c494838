//! The program `channel-sessions`: configuration, wiring, telemetry, shutdown, and its commands.

mod access;
pub mod backup;
pub mod cli;
pub mod config;
pub mod export;
mod files;
mod followed;
pub mod import;
mod listener;
mod memory;
mod metrics;
mod readiness;
mod retention;
mod sample;
mod shutdown;
mod staged_close;
mod store;
mod telemetry;
mod tenants;
mod transport;
mod unfinished;

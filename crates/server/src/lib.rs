//! The program `channel-sessions`: configuration, wiring, telemetry, shutdown, and its commands.

pub mod command;
pub mod config;
pub mod export;
pub mod import;
mod listener;
mod readiness;
mod sample;
mod shutdown;
mod store;
mod telemetry;
mod upkeep;

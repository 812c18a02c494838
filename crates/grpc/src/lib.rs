//! The gRPC service: protobuf to domain and back.
//!
//! Knows no database and no HTTP beyond gRPC's own.

mod attributes;
mod batch;
mod batch_update_data;
mod calls;
mod command;
mod condition;
mod create;
mod delete;
mod documents;
mod end;
mod frames;
mod get;
mod health;
mod history;
mod layer;
mod line;
mod list;
#[cfg(test)]
mod over_memory;
mod page;
mod preconditions;
mod reflection;
mod routes;
mod service;
mod status;
mod stream_end;
mod stream_update_data;
mod streams;
mod update_data;
mod view;
mod watch;

use wire::{headers, value};

pub use health::Health;
pub use layer::log;
pub use routes::routes;
pub use service::{Options, Service};

//! The gRPC service: protobuf to domain and back, and the only place where an error becomes a status.
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
mod end;
mod finish;
mod get;
pub mod headers;
mod health;
mod history;
mod layer;
mod line;
mod list;
#[cfg(test)]
mod over_memory;
mod page;
mod preconditions;
mod reads;
mod reflection;
mod routes;
mod service;
pub mod status;
mod stream_end;
mod stream_update_data;
mod update_data;
mod value;
mod view;
mod watch;

pub use health::{Health, NOT_READY};
pub use layer::{caller::anybody, log};
pub use routes::{MAX_MESSAGE_BYTES, SERVICE_NAME, routes};
pub use service::{Options, Service};

//! The gRPC service: protobuf to domain and back, and the only place where an error becomes a status.
//!
//! Knows no database and no HTTP beyond gRPC's own.

mod attributes;
mod create;
mod get;
mod layer;
mod routes;
mod service;
pub mod status;
mod update_data;
mod value;
mod view;

pub use layer::log;
pub use routes::{MAX_MESSAGE_BYTES, SERVICE_NAME, routes};
pub use service::{Options, Service};

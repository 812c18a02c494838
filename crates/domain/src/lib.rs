//! What a channel session, an attribute, a value type and an update are, and the port to the store.
//!
//! Pure: no I/O, no clock, no tonic, axum or sqlx. Whatever must be the same over gRPC and REST, and on every
//! store, is decided here.

pub mod attribute;
pub mod batch;
pub mod caller;
pub mod cancel_handle;
pub mod command;
mod end;
mod entry;
pub mod error;
pub mod event;
pub mod finding;
pub mod health;
pub mod history;
mod id;
pub mod list;
pub mod precondition;
pub mod request_id;
mod revision;
pub mod session;
pub mod store;
pub mod time;
pub mod trace;
pub mod update;
pub mod value_type;
pub mod violation;

pub use error::{Error, Outcome, Reason};

/// A command as a test gives it.
#[cfg(test)]
pub(crate) fn command(id: session::Id, operation: command::Operation) -> command::Command {
    let caller = caller::Caller::new(session::TenantId::only(), caller::Requester::anonymous());
    caller.command(id, operation, time::Timestamp::default())
}

/// A value as a test writes it.
#[cfg(test)]
pub(crate) fn literal(text: &str) -> json::Value {
    text.parse().unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

//! A PostgreSQL with stock settings, and databases of sessions on it.

mod database;
mod server;

pub(crate) use database::Database;
pub(crate) use server::Server;

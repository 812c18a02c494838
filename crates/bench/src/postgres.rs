//! A PostgreSQL with stock settings, and databases of sessions on it.

mod database;
mod history;
mod network;
mod server;
mod wal;

pub(crate) use database::Database;
pub(crate) use network::Network;
pub(crate) use server::Server;

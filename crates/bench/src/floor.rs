//! What the service is measured against: its databases by themselves.

pub(crate) mod pgbench;
pub(crate) mod sqlite;

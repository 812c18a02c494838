//! The program as its callers meet it: real processes, real databases, gRPC and REST.

#![allow(clippy::unwrap_used, reason = "what a test's helpers cannot unwrap fails the test, as it should")]

mod support;

mod abandoned;
mod access;
mod advisories;
mod audit;
mod availability;
mod backup;
mod batch;
mod check;
mod citus;
mod command_line;
mod commit_order;
mod concurrency;
mod connection_age;
mod crashes;
mod documented;
mod early_answers;
mod errors;
mod events;
mod exactness;
mod failover;
mod foreign_pages;
mod hangup;
mod hostile;
mod life;
mod lists;
mod locked_rows;
mod logs;
mod lost_upstream;
mod many_connections;
mod memory;
mod metrics;
mod oidc;
mod overload;
mod pgbouncer;
mod preconditions;
mod preferences;
mod privileges;
mod protocols;
mod readiness;
mod retries;
mod row_level_security;
mod secrets;
mod sharing;
mod silent_database;
mod starting;
mod starvation;
mod stopping;
mod tenants;
mod tls;
mod traces;
mod two_servers;
mod words;

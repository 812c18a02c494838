//! The program as its callers meet it: real processes, real databases, gRPC and REST.

#![allow(clippy::unwrap_used, reason = "what a test's helpers cannot unwrap fails the test, as it should")]

mod support;

mod abandoned;
mod availability;
mod command_line;
mod concurrency;
mod documented;
mod errors;
mod exactness;
mod hostile;
mod logs;
mod privileges;
mod stopping;

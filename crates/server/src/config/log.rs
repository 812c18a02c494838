//! What the process says of itself, on standard error.

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;

/// What the process says of itself, on standard error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// How log lines are written: text for people, json for machines; auto is text on a terminal and json otherwise
    #[arg(long = "log-format", env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto, global = true, hide_env_values = true)]
    pub format: LogFormat,

    /// What is logged: error, warn, info, debug or trace, or by part of the program, such as info,grpc=debug. A
    /// request's content is never logged
    #[arg(
        long = "log-level",
        env = "LOG_LEVEL",
        default_value = "info,sqlx=warn",
        global = true,
        hide_env_values = true
    )]
    pub level: Targets,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

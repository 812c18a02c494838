//! What the process says of itself, on standard error.

use std::{io::IsTerminal as _, str::FromStr};

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::{LevelFilter, Targets};

/// What the process says of itself, on standard error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// How log lines are written: text for people, json for machines; auto is text on a terminal and json otherwise
    #[arg(long = "log-format", env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto, global = true, hide_env_values = true)]
    pub format: LogFormat,

    /// What is logged: error, warn, info, debug or trace, or by part of the program, such as info,channel_sessions_grpc=debug. A
    /// request's content is never logged
    #[arg(
        long = "log-level",
        env = "LOG_LEVEL",
        default_value = "info,sqlx=warn", value_parser = targets,
        global = true,
        hide_env_values = true
    )]
    pub level: Targets,

    /// How many of the calls that go well have a line in the log, such as 1%. What is refused or fails always has one, and so
    /// has a stream. Too few, and a call that a caller asks about has left no trace; too many, and they are most of what a busy
    /// log holds
    #[arg(
        long = "log-calls",
        env = "LOG_CALLS",
        value_name = "PERCENT",
        default_value = "100%",
        value_parser = percent,
        global = true,
        hide_env_values = true
    )]
    pub calls: Share,
}

/// A part of all there are, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub(crate) f64);

impl Share {
    /// All of them.
    pub const ALL: Self = Self(1.0);
}

fn percent(text: &str) -> Result<Share, String> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let share = number.filter(|number| (0.0..=100.0).contains(number));
    share.map(|number| Share(number / 100.0)).ok_or_else(|| "write it as 100%, 1% or 0.1%".to_owned())
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

impl LogFormat {
    /// Whether lines are JSON, as things are.
    #[must_use]
    pub fn is_json(self) -> bool {
        match self {
            Self::Auto => !std::io::stderr().is_terminal(),
            Self::Text => false,
            Self::Json => true,
        }
    }
}

/// As [`Targets`] reads them, except that a lone word has to be a level: it would be taken for a part of the program, and
/// a typing error would silence the rest.
fn targets(text: &str) -> Result<Targets, String> {
    let is_known = |directive: &str| directive.contains('=') || LevelFilter::from_str(directive).is_ok();
    match text.split(',').find(|directive| !is_known(directive)) {
        Some(unknown) => Err(format!("{unknown} is none of error, warn, info, debug, trace and off")),
        None => text.parse().map_err(|error| format!("{error}")),
    }
}

//! What the process says of itself, on standard error.

use std::{fs, io::IsTerminal as _, path::PathBuf, str::FromStr};

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

    /// The file that holds what --log-level would say, in its place. It is read again when it changes, and at SIGHUP: so what is
    /// logged can be changed while the process runs
    #[arg(
        long = "log-level-file",
        env = "LOG_LEVEL_FILE",
        value_name = "FILE",
        value_parser = LevelFile::open,
        conflicts_with = "level",
        global = true,
        hide_env_values = true
    )]
    pub(crate) level_file: Option<LevelFile>,
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

impl Log {
    /// What is logged at first.
    pub(crate) fn first_level(&self) -> &Targets {
        self.level_file.as_ref().map_or(&self.level, |file| &file.level)
    }
}

/// A file that says what is logged.
#[derive(Debug, Clone)]
pub(crate) struct LevelFile {
    pub(crate) path: PathBuf,
    level: Targets,
}

impl LevelFile {
    fn open(path: &str) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))?;
        Ok(Self { path: path.into(), level: Self::parse(&text)? })
    }

    /// The level that its content says.
    pub(crate) fn parse(text: &str) -> Result<Targets, String> {
        targets(text.trim())
    }
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
    // An empty one would be read as a level, and silence all but errors.
    let is_level = |word: &str| !word.is_empty() && LevelFilter::from_str(word).is_ok();
    match text.split(',').find(|directive| !directive.contains('=') && !is_level(directive)) {
        Some("") => Err("it is empty, or a part of it is; write it as info, or as info,sqlx=warn".to_owned()),
        Some(unknown) => Err(format!("{unknown} is none of error, warn, info, debug, trace and off")),
        None => text.parse().map_err(|error| format!("{error}")),
    }
}

//! The log: for people on a terminal, JSON otherwise.

mod lines;

use std::io::IsTerminal;

use access::watched::Watched;
use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt,
};

use crate::{
    config::{LevelFile, Log, LogFormat},
    followed::Followed,
};
use ::telemetry::audit::TARGET;
use lines::Lines;

/// Standard error, to which the log goes: standard output belongs to what a command returns.
pub(crate) struct Output {
    lines: Lines,
    format: LogFormat,
    level: Level,
}

/// What is logged, and can be changed while the process runs. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Level(reload::Handle<Targets, Registry>);

/// Starts the log.
pub(crate) fn start(log: &Log) -> Output {
    ::telemetry::call::log_share(log.calls.0);
    let terminal = std::io::stderr().is_terminal();
    let (level, handle) = reload::Layer::new(log.first_level().clone());
    let output = Output { lines: Lines::start(), format: log.format, level: Level(handle) };
    // The log lives as long as the process.
    let lines: &'static Lines = Box::leak(Box::new(output.lines.clone()));
    let layer = fmt::layer().with_writer(move || lines);
    let layer = if log.format.is_json() {
        layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    } else {
        layer.with_ansi(terminal).with_target(false).boxed()
    };
    tracing_subscriber::registry().with(layer.with_filter(level)).init();
    // What would otherwise be written past the log, and wait for its reader.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a defect")));
    output
}

/// A terminal at which somebody has started the process, and reads.
pub(crate) struct Terminal(Lines);

impl Terminal {
    /// Shows something among the lines of the log.
    pub(crate) fn show(&self, text: &dyn std::fmt::Display) {
        self.0.push(text.to_string().as_bytes());
    }
}

impl Level {
    /// Has the file that says it be followed, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn follow(self, log: &Log) -> Result<Option<Followed>, String> {
        let Some(LevelFile { path, .. }) = &log.level_file else { return Ok(None) };
        let at = path.display().to_string();
        let cannot = move |error: &dyn std::fmt::Display| format!("--log-level-file {at}: {error}");
        let watched = Watched::open(path).map_err(|error| cannot(&error))?;
        let take = move |contents: &[&[u8]]| {
            let text = std::str::from_utf8(contents[0]).map_err(|error| cannot(&error))?;
            let level = LevelFile::parse(text).map_err(|error| cannot(&error))?;
            // Reported while the log is still written.
            if !level.would_enable(TARGET, &tracing::Level::INFO) {
                tracing::info!(target: TARGET, holds = text.trim(), "the log level is read again, and leaves out such lines");
            }
            self.0.reload(level).map_err(|error| cannot(&error))?;
            Ok(text.trim().to_owned())
        };
        Ok(Some(Followed::new("the log level", vec![watched], take)))
    }
}

impl Output {
    /// The terminal that the log goes to, unless it is for machines.
    pub(crate) fn terminal(&self) -> Option<Terminal> {
        let is_read = std::io::stderr().is_terminal() && !self.format.is_json();
        is_read.then(|| Terminal(self.lines.clone()))
    }

    /// What is logged.
    pub(crate) fn level(&self) -> Level {
        self.level.clone()
    }

    /// Says why a command ended: in the log's format where that is read by machines, which is so of a command that serves
    /// unless somebody sits before it, and of others where it was asked for; otherwise in a line for whoever typed it.
    pub(crate) fn fail(&self, failure: &dyn std::fmt::Display, serves: bool) {
        let is_json = if serves { self.format.is_json() } else { self.format == LogFormat::Json };
        if is_json && tracing::enabled!(tracing::Level::ERROR) {
            tracing::error!("{failure}");
        } else {
            self.lines.push(format!("channel-sessions: {failure}\n").as_bytes());
        }
    }

    /// Waits for what was said to be read, for a moment at most.
    pub(crate) fn flush(&self) {
        self.lines.flush();
    }
}

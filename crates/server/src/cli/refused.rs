//! Arguments that are wrong.

use std::process::ExitCode;

use clap::error::ErrorKind;
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::{
    config::{Log, LogFormat, Share, secret},
    telemetry,
};

/// Says what is wrong with the arguments: to machines, where they read the log of a command that serves.
pub(super) fn say(error: &clap::Error) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let serves = arguments.next().is_some_and(|command| ["serve", "gateway"].contains(&&*command));
    let flag = arguments.skip_while(|argument| !argument.starts_with("--log-format")).take(2);
    let format = flag.last().or_else(|| std::env::var("LOG_FORMAT").ok()).unwrap_or_default();
    let is_json =
        format.ends_with("json") || (serves && !format.ends_with("text") && LogFormat::Auto.is_json());
    if !error.use_stderr() {
        error.exit();
    }
    let mut message = error.to_string();
    if error.kind() == ErrorKind::ArgumentConflict {
        message += "\nA variable of the environment counts as its flag: unset the one that is not meant.\n";
    }
    // A URL may stand where none is expected.
    let message = secret::masked(&message);
    if is_json {
        let level = Targets::new().with_default(LevelFilter::INFO);
        let output =
            telemetry::start(&Log { format: LogFormat::Json, level, calls: Share::ALL, level_file: None });
        output.fail(&message.trim_end(), true);
        output.flush();
    } else {
        eprint!("{message}");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
}

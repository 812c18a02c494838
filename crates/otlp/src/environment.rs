//! What the standard variables say (OpenTelemetry: "OTLP Exporter Configuration", "Environment Variable Specification").

mod endpoint;
mod headers;
mod invalid;
mod names;
mod spans;
#[cfg(test)]
mod tests;

use std::{fs::File, io::Read, time::Duration};

use invalid::invalid;

pub(crate) use endpoint::{Endpoint, Protocol};
pub use invalid::Invalid;
pub(crate) use names::{Look, look};

/// Where and how the two signals are sent.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) traces: Option<Endpoint>,
    pub(crate) metrics: Option<Endpoint>,
    /// How often metrics are sent.
    pub(crate) interval: Duration,
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Turns both signals off.
const DISABLED: &str = "OTEL_SDK_DISABLED";

impl Settings {
    /// # Errors
    /// A variable does not say what it has to.
    pub(crate) fn read(variables: Variables<'_>) -> Result<Self, Invalid> {
        let is_off = set(variables, DISABLED).is_some_and(|value| is_true(&value));
        let read =
            |signal: &str, path| if is_off { Ok(None) } else { Endpoint::read(variables, signal, path) };
        spans::check(variables)?;
        Ok(Self {
            traces: read("TRACES", "/v1/traces")?,
            metrics: read("METRICS", "/v1/metrics")?,
            interval: milliseconds(variables, "OTEL_METRIC_EXPORT_INTERVAL")?
                .unwrap_or(Duration::from_secs(60)),
        })
    }
}

/// An empty variable is as good as none.
fn set(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Whether a variable says that something is so: by this word alone, as the specification has it.
fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

fn milliseconds(variables: Variables<'_>, name: &str) -> Result<Option<Duration>, Invalid> {
    let Some(text) = set(variables, name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| *number > 0).map(Duration::from_millis);
    let problem = || format!("{text:?} is no number of milliseconds: 10000 is 10 s");
    number.map(Some).ok_or_else(|| invalid(name, problem()))
}

/// How much of a file is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The content of a file that a variable names.
fn file(variable: &str, path: &str) -> Result<Vec<u8>, Invalid> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut content));
    read.map(|_| content).map_err(|error| invalid(variable, format!("{path}: {error}")))
}

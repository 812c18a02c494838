//! Where the process exposes what it counts and measures.

use clap::Args;

use super::listen::host_and_port;

/// Where the process exposes what it counts and measures.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Metrics")]
pub struct Metrics {
    /// HOST:PORT at which GET /metrics exposes them, as OpenMetrics, without TLS and to whoever asks; off for nowhere.
    /// Nothing of any session is in them. /healthz and /readyz are answered there, too, as on the HTTP port. Where the
    /// default is taken, as by another process on this machine, they are exposed nowhere. Metrics and traces also go to
    /// the OpenTelemetry collector that OTEL_EXPORTER_OTLP_ENDPOINT names
    #[arg(
        long,
        env = "METRICS_ADDR",
        value_name = "ADDRESS",
        default_value = Self::DEFAULT_ADDR,
        value_parser = address,
        hide_env_values = true
    )]
    pub metrics_addr: String,
}

/// What turns it off.
const OFF: &str = "off";

fn address(text: &str) -> Result<String, String> {
    if text == OFF {
        return Ok(text.to_owned());
    }
    let how = "expected HOST:PORT, such as 127.0.0.1:9464, or off";
    host_and_port(text).map_err(|_| how.to_owned())
}

impl Metrics {
    const DEFAULT_ADDR: &str = "127.0.0.1:9464";

    /// The address, where there is to be one.
    #[must_use]
    pub fn addr(&self) -> Option<&str> {
        Some(&*self.metrics_addr).filter(|addr| *addr != OFF)
    }

    /// Whether the process does without where the address is taken: several on one machine should not need a setting.
    #[must_use]
    pub fn may_be_taken(&self) -> bool {
        self.metrics_addr == Self::DEFAULT_ADDR
    }
}

//! Whether gRPC describes itself to callers.

use clap::{Args, ValueEnum};

/// Whether gRPC describes itself to callers.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access")]
pub struct Reflection {
    /// Whether callers may ask gRPC which services, methods and messages there are, as grpcurl does; nobody needs credentials
    /// for that
    #[arg(long, env = "REFLECTION", value_enum, default_value = "on", hide_env_values = true)]
    reflection: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// Whoever asks is answered
    On,
    /// Nobody is
    Off,
}

impl Reflection {
    /// Whether it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.reflection == Switch::On
    }
}

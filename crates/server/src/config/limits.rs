//! What one caller may cost the others.

use std::time::Duration;

use clap::Args;
use humantime::Duration as HumanDuration;

use super::positive;

/// What one caller may cost the others.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// How long a call may take, whatever its caller allows, such as 10s or 500ms. Too short, and calls fail that would
    /// have been answered; too long, and a database that hangs keeps callers waiting
    #[arg(long, env = "REQUEST_TIMEOUT", default_value = "10s", value_parser = positive, hide_env_values = true)]
    request_timeout: HumanDuration,

    /// How long a REST request's body may take to arrive
    #[arg(long, env = "BODY_TIMEOUT", default_value = "10s", value_parser = positive, hide_env_values = true)]
    body_timeout: HumanDuration,

    /// How many calls may be under way at once; more are refused as OVERLOADED. Too few, and bursts are turned away;
    /// too many, and a burst takes more memory than there is
    #[arg(
        long,
        env = "MAX_CONCURRENT_REQUESTS",
        default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(1..),
        allow_negative_numbers = true,
        hide_env_values = true
    )]
    max_concurrent_requests: u32,

    /// How many watches, event streams of REST included, there may be at once; more are refused as OVERLOADED. Each costs a
    /// little memory, also when its caller does not read
    #[arg(
        long,
        env = "MAX_WATCHES",
        default_value_t = 4096,
        value_parser = clap::value_parser!(u32).range(1..),
        allow_negative_numbers = true,
        hide_env_values = true
    )]
    max_watches: u32,
}

impl Limits {
    /// How long a call may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout.into()
    }

    /// How many calls may be under way at once.
    #[must_use]
    pub fn max_concurrent_requests(&self) -> usize {
        self.max_concurrent_requests as usize
    }

    /// How many watches there may be at once.
    #[must_use]
    pub fn max_watches(&self) -> usize {
        self.max_watches as usize
    }

    /// What the gateway makes of them.
    #[must_use]
    pub fn gateway(&self) -> gateway::Options {
        gateway::Options {
            body_timeout: self.body_timeout.into(),
            call_timeout: self.request_timeout() + ANSWER_MARGIN,
            max_concurrent_requests: self.max_concurrent_requests(),
            max_event_streams: self.max_watches(),
        }
    }
}

/// How much longer than the service itself the gateway waits: the service knows what became of a change, the gateway
/// does not.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

//! How the process stops.

use std::time::Duration;

use clap::Args;
use humantime::Duration as HumanDuration;

use super::duration::duration;

/// How the process stops.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Stopping")]
pub struct Stop {
    /// How long the process goes on serving after SIGTERM while it reports that it is not ready, so that load balancers
    /// turn away first. Too short, and callers meet a closed port: behind a load balancer it has to be longer than that takes
    /// to notice, such as 10s in Kubernetes. Too long, and deployments drag on
    #[arg(long, env = "LAME_DUCK", default_value = "1s", value_parser = duration, hide_env_values = true)]
    lame_duck: HumanDuration,

    /// How long calls that are under way may then take to end
    #[arg(long, env = "DRAIN_TIMEOUT", default_value = "15s", value_parser = duration, hide_env_values = true)]
    drain_timeout: HumanDuration,
}

impl Stop {
    /// How long the process goes on serving.
    #[must_use]
    pub fn lame_duck(&self) -> Duration {
        self.lame_duck.into()
    }

    /// How long calls may then take to end.
    #[must_use]
    pub fn drain_timeout(&self) -> Duration {
        self.drain_timeout.into()
    }
}

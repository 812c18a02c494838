//! How long what is not the sessions themselves is kept.

use std::{fmt, str::FromStr, time::Duration};

use clap::Args;
use humantime::Duration as HumanDuration;

use super::duration::{long, long_or_word, positive};

/// How long what is not the sessions themselves is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retention")]
pub struct Retention {
    /// How long events are kept: for the history of a session, and for watchers that come back. Too short, and a watcher
    /// that comes back has to start again; too long, and they take more room than the sessions
    #[arg(long, env = "EVENT_RETENTION", default_value = "7days", value_parser = long, hide_env_values = true)]
    event_retention: HumanDuration,

    /// How long the request ids of changes are kept, so that a retry finds its answer. No shorter than 24h, which is what
    /// callers are promised
    #[arg(long, env = "REQUEST_ID_RETENTION", default_value = "24h", value_parser = a_day, hide_env_values = true)]
    request_id_retention: HumanDuration,

    /// How long after its end a session is deleted, history and all, such as 90days; or never
    #[arg(long, env = "ENDED_RETENTION", default_value = "never", hide_env_values = true)]
    ended_retention: Keep,

    /// How often what has expired is deleted, in small steps. Too often costs a little for nothing; too rarely, and it
    /// stays so much longer
    #[arg(long, env = "RETENTION_INTERVAL", default_value = "1m", value_parser = positive, hide_env_values = true)]
    retention_interval: HumanDuration,
}

impl Retention {
    /// How long events are kept.
    #[must_use]
    pub fn events(&self) -> Duration {
        self.event_retention.into()
    }

    /// How long request ids are kept.
    #[must_use]
    pub fn request_ids(&self) -> Duration {
        self.request_id_retention.into()
    }

    /// Whether events may be gone while a request id is kept that came before them.
    #[must_use]
    pub fn expires_events_first(&self) -> bool {
        self.events() <= self.request_ids().saturating_add(self.interval())
    }

    /// How long sessions that ended are kept; none for ever.
    #[must_use]
    pub fn ended(&self) -> Option<Duration> {
        self.ended_retention.0
    }

    /// How often what has expired is deleted.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.retention_interval.into()
    }
}

/// A duration, or none for ever.
#[derive(Debug, Clone, Copy)]
struct Keep(Option<Duration>);

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        long_or_word(text, "never").map(Self)
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("never"),
            Some(duration) => humantime::format_duration(duration).fmt(f),
        }
    }
}

fn a_day(text: &str) -> Result<HumanDuration, String> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    match long(text)? {
        short if *short < DAY => Err("must be 24h or longer: that is what callers are promised".to_owned()),
        duration => Ok(duration),
    }
}

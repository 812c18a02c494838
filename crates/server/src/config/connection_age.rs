//! How old connections may become.

use std::{str::FromStr, time::Duration};

use clap::Args;
use humantime::Duration as HumanDuration;

use super::duration::{duration, or_word};
use crate::listener::Age;

/// How old connections may become.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct ConnectionAge {
    /// How old a connection may become, give or take a tenth, such as 5m; or off. Then its caller is asked to make
    /// another one, and no call is lost. Callers that keep theirs for ever stay with the instance that they found
    /// first: where instances come and go behind one address, they have to reconnect to reach the others. Off, since
    /// a single instance gains nothing by it. Too short, and callers spend their time on connecting, above all over
    /// TLS; too long, and a new instance has nothing to do
    #[arg(long, env = "MAX_CONNECTION_AGE", default_value = "off", value_parser = MaxAge::from_str, hide_env_values = true)]
    max_connection_age: MaxAge,

    /// How long watches, event streams and streams of updates may go on after that, before they are ended with UNAVAILABLE, so
    /// that their callers go on over another connection from where they were. Too short, and all of a connection's streams
    /// start again at once; too long, and old connections stay for so long
    #[arg(long, env = "MAX_CONNECTION_AGE_GRACE", default_value = "30s", value_parser = duration, hide_env_values = true)]
    max_connection_age_grace: HumanDuration,
}

/// An age, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MaxAge(Option<Duration>);

impl FromStr for MaxAge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        or_word(text, "off").map(Self)
    }
}

impl ConnectionAge {
    /// What the listeners hold connections to.
    pub(crate) fn age(&self) -> Age {
        Age { max: self.max_connection_age.0, grace: self.max_connection_age_grace.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_time_or_off() {
        assert_eq!("off".parse(), Ok(MaxAge(None)));
        assert_eq!("5m".parse(), Ok(MaxAge(Some(Duration::from_secs(300)))));
        for refused in ["", "0s", "never", "5"] {
            assert!(refused.parse::<MaxAge>().is_err(), "{refused}");
        }
    }
}

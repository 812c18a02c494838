//! What one caller may cost the others.

use std::time::Duration;

use access::Access;
use budget::Budget;
use clap::Args;
use humantime::Duration as HumanDuration;

use super::{Bytes, bytes, duration::positive, number};
use crate::{
    files::Connections,
    listener::{Age, Answers, Bounds, Capacity},
};

/// What one caller may cost the others.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// How long a call may take, whatever its caller allows, such as 10s or 500ms. Too short, and calls fail that would
    /// have been answered; too long, and a database that hangs keeps callers waiting
    #[arg(long, env = "REQUEST_TIMEOUT", default_value = "10s", value_parser = positive, hide_env_values = true)]
    request_timeout: HumanDuration,

    /// How long a request's body, or the message of a gRPC call, may take to arrive. Too short, and slow callers are cut
    /// off; too long, and what half of a request takes is held for so long
    #[arg(long, env = "BODY_TIMEOUT", default_value = "10s", value_parser = positive, hide_env_values = true)]
    body_timeout: HumanDuration,

    /// How many calls may be under way at once; more are refused as OVERLOADED. Where callers have to say who they are, one
    /// tenant may have three quarters of them, and several share. Too few, and bursts are turned away;
    /// too many, and a burst takes more memory than there is
    #[arg(
        long,
        env = "MAX_CONCURRENT_REQUESTS",
        default_value_t = 1024,
        value_parser = number::<1>,
        hide_env_values = true
    )]
    max_concurrent_requests: u32,

    /// How many watches, event streams of REST included, there may be at once; more are refused as OVERLOADED. Tenants share
    /// them as they do calls. Each costs a little memory, also when its caller does not read
    #[arg(
        long,
        env = "MAX_WATCHES",
        default_value_t = 4096,
        value_parser = number::<1>,
        hide_env_values = true
    )]
    max_watches: u32,

    /// How many connections there may be at once; for more, those that have been idle for longest are closed. Too few, and
    /// callers have to connect again and again; too many, and they take memory, 30 to 60 kB each, and files (ulimit -n)
    #[arg(
        // Its own name is that of the database's.
        id = "peers",
        long = "max-connections",
        value_name = "MAX_CONNECTIONS",
        env = "MAX_CONNECTIONS",
        default_value_t = 5120,
        value_parser = number::<8>,
        hide_env_values = true
    )]
    max_connections: u32,

    /// How long a stream of updates may have nothing to do before it is ended. Too short, and callers that write now and
    /// then have to start again; too long, and what idle ones hold is held for so long
    #[arg(long, env = "STREAM_IDLE_TIMEOUT", default_value = "5m", value_parser = positive, hide_env_values = true)]
    stream_idle_timeout: HumanDuration,

    /// What requests and answers may take in memory together, in bytes or as 128MiB; what is over it is refused as
    /// OVERLOADED, or cut off. Too little, and large requests are refused when a few come at once; too much, and the
    /// process outgrows its machine: the rest of it takes up to 200 MB
    #[arg(long, env = "MEMORY_BUDGET", default_value = "96MiB", value_parser = memory, hide_env_values = true)]
    memory_budget: Bytes,

    /// How long an answer may wait for its caller to take more of it. Too short, and callers on bad lines lose answers; too
    /// long, and what those who never read hold is held for so long
    #[arg(long, env = "ANSWER_TIMEOUT", default_value = "20s", value_parser = positive, hide_env_values = true)]
    answer_timeout: HumanDuration,
}

fn memory(text: &str) -> Result<Bytes, String> {
    match bytes(text)? {
        enough if enough.0 >= Budget::MIN_BYTES => Ok(enough),
        _ => Err(format!("must be {}MiB or more: the largest requests need that", Budget::MIN_BYTES >> 20)),
    }
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

    /// How long a request may take to arrive.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        self.body_timeout.into()
    }

    /// How long a stream of updates may have nothing to do.
    #[must_use]
    pub fn stream_idle_timeout(&self) -> Duration {
        self.stream_idle_timeout.into()
    }

    /// How long an answer may wait for its caller to take more of it.
    #[must_use]
    pub fn answer_timeout(&self) -> Duration {
        self.answer_timeout.into()
    }

    /// How many bytes requests and answers may take in memory together.
    #[must_use]
    pub fn memory_budget(&self) -> usize {
        self.memory_budget.0
    }

    /// What calls may take together. To be asked for once in a process: each is a budget of its own.
    #[must_use]
    pub fn budget(&self) -> Budget {
        Budget::new(self.memory_budget.0)
    }

    /// The connections that the process may have, beside so many to the database.
    pub(crate) fn connections(&self, database: u32) -> Connections {
        Connections { callers: self.max_connections, event_streams: 0, database }
    }

    /// The same for a gateway alone, which has one to the service for each event stream.
    pub(crate) fn connections_of_gateway(&self) -> Connections {
        Connections { event_streams: self.max_watches, ..self.connections(0) }
    }

    /// What connections of callers are held to. To be asked for once in a process, for all of its listeners.
    pub(crate) fn bounds(&self, budget: &Budget, connections: Connections, age: Age) -> Bounds {
        Bounds {
            age,
            answers: Answers {
                memory: budget.answers.clone(),
                requests: budget.requests.clone(),
                timeout: self.answer_timeout(),
            },
            capacity: Capacity::new(connections.callers as usize),
        }
    }

    /// What the gateway makes of them.
    #[must_use]
    pub fn gateway(&self, budget: Budget) -> gateway::Options {
        gateway::Options {
            body_timeout: self.body_timeout(),
            call_timeout: self.request_timeout() + ANSWER_MARGIN,
            max_concurrent_requests: self.max_concurrent_requests(),
            max_event_streams: self.max_watches(),
            budget,
            access: Access::anybody(),
            browsers: gateway::Browsers::default(),
        }
    }
}

/// How much longer than the service itself the gateway waits: the service knows what became of a change, the gateway
/// does not.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

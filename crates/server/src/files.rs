//! How many files the process may have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many are kept for the database, its files, the log and what else is no connection.
const RESERVE: u64 = 48;

/// How many connections there are room for at least, however few files there may be.
const MIN_CONNECTIONS: u64 = 8;

/// Lets the process have as many files as the system allows it, and returns how many connections there is room for then:
/// `wanted`, unless that is more.
pub(crate) fn connections(wanted: u32) -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = getrlimit(Resource::Nofile).current;
    let room = files.map_or(u64::MAX, |files| files.saturating_sub(RESERVE).max(MIN_CONNECTIONS));
    if room < u64::from(wanted) {
        tracing::warn!(
            files,
            connections = room,
            max_connections = wanted,
            "the limit on open files leaves room for fewer connections than --max-connections: raise it (ulimit -n, LimitNOFILE)"
        );
    }
    usize::try_from(room.min(u64::from(wanted))).unwrap_or(usize::MAX)
}

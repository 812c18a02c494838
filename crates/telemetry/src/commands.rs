//! What becomes of commands, as both stores count it.

use domain::{Error, batch::SessionCache, command::CommandResult};

use crate::{Signal, signal};

/// Says how many of a batch's commands were answered as they had been before.
pub fn replays(results: &[Option<Result<CommandResult, Error>>]) {
    let replays = results.iter().flatten().flatten().filter(|result| result.replayed).count();
    if replays > 0 {
        signal(Signal::Replays(replays));
    }
}

/// Says how many sessions a store's cache knew, and how many it did not, since it was asked last.
pub fn session_cache(cache: &SessionCache) {
    let (hits, misses) = cache.take_lookups();
    if hits + misses > 0 {
        signal(Signal::SessionCache { hits, misses });
    }
}

/// Says how many sessions of a group of writes were not written, since somebody else had changed them.
pub fn lost_races(written: &[bool]) {
    let lost = written.iter().filter(|written| !**written).count();
    if lost > 0 {
        signal(Signal::LostRaces(lost));
    }
}

//! How many files the process may have open: each connection is one.

use domain::finding::Finding;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many are kept for the listeners, the log, the readers of events and what else is none of the connections below.
const RESERVE: u64 = 32;

/// How many connections there are room for at least, however few files there may be.
const MIN_CONNECTIONS: u64 = 8;

/// Connections, each of which is a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connections {
    /// Of callers.
    pub(crate) callers: u32,
    /// To the service, for event streams: a gateway alone has one for each.
    pub(crate) event_streams: u32,
    /// To the database.
    pub(crate) database: u32,
}

impl Connections {
    /// Lets the process have as many files as the system allows it, and returns which of these there is room for then.
    pub(crate) fn within_files(self) -> Self {
        let limit = getrlimit(Resource::Nofile);
        // Where it cannot be raised, it stays as it is.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        let Some(files) = getrlimit(Resource::Nofile).current else { return self };
        if let Some(too_few) = self.too_few(files) {
            tracing::warn!("{too_few}");
        }
        self.within(files)
    }

    /// The same for a check, which changes nothing.
    pub(crate) fn finding(self) -> Option<Finding> {
        Some(Finding::warning("open files", self.too_few(getrlimit(Resource::Nofile).maximum?)?))
    }

    /// What there is no room for, and what to do about it.
    fn too_few(self, files: u64) -> Option<String> {
        let room = self.within(files);
        let missing = [
            (room.callers, self.callers, "--max-connections"),
            (room.event_streams, self.event_streams, "event streams by --max-watches"),
        ];
        let missing: Vec<_> = missing
            .into_iter()
            .filter(|(room, wanted, _)| room < wanted)
            .map(|(room, wanted, setting)| format!("{room} of the {wanted} {setting}"))
            .collect();
        (!missing.is_empty()).then(|| {
            let missing = missing.join(" and ");
            format!(
                "the limit of {files} open files leaves room for {missing}: raise it (ulimit -n, LimitNOFILE)"
            )
        })
    }

    /// What the database may have is kept for it; event streams have half of the rest at most, since their callers have
    /// connections too.
    fn within(self, files: u64) -> Self {
        let kept = RESERVE + u64::from(self.database);
        let room = files.saturating_sub(kept).max(2 * MIN_CONNECTIONS);
        let at_most = |wanted: u32, room: u64| u32::try_from(room).map_or(wanted, |room| room.min(wanted));
        let event_streams = at_most(self.event_streams, room / 2);
        Self { callers: at_most(self.callers, room - u64::from(event_streams)), event_streams, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_has_to_fit_into_the_files() {
        for (wanted, files, callers, event_streams) in [
            ((5120, 0, 16), 65_536, 5120, 0),
            ((5120, 0, 16), 1024, 976, 0),
            // The database's connections have their files, however many those are.
            ((5120, 0, 500), 1024, 492, 0),
            ((5120, 0, 500), 64, 16, 0),
            // As many as wanted; half; as many as wanted, and more for callers.
            ((5120, 4096, 0), 65_536, 5120, 4096),
            ((5120, 4096, 0), 1024, 496, 496),
            ((5120, 100, 0), 1024, 892, 100),
            ((5120, 4096, 0), 20, 8, 8),
        ] {
            let wanted = Connections { callers: wanted.0, event_streams: wanted.1, database: wanted.2 };
            let room = wanted.within(files);
            assert_eq!(room, Connections { callers, event_streams, ..wanted }, "{files}");
            assert_eq!(wanted.too_few(files).is_some(), room != wanted, "{files}");
        }
    }
}

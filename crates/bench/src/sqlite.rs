//! A database of sessions on SQLite.

use std::path::{Path, PathBuf};

use domain::session::Document;
use rusqlite::{Connection, params};
use store_testkit::seed;

use crate::{
    Failure,
    load::{Acknowledged, update},
};

/// A file of the service's.
pub(crate) struct Database {
    file: PathBuf,
}

const FILL: &str = include_str!("sqlite/fill.sql");

/// What [`crate::postgres::Database`] does to start alike; folding the log of writes into the file is the checkpoint here.
const EMPTY: &str = "
    DELETE FROM channel_session_event;
    DELETE FROM channel_session_idempotency_record;
    PRAGMA wal_checkpoint(TRUNCATE)";

/// Acknowledgements that have no event with their session, revision and token.
const MISSING: &str = "
    SELECT acknowledged.key
    FROM json_each(?1) AS acknowledged
    LEFT JOIN channel_session_event AS event
           ON event.tenant_id = 'default' AND event.session_id = 'session-' || (acknowledged.value ->> 0)
          AND event.revision = acknowledged.value ->> 1
    WHERE event.changes ->> ?2 IS NOT acknowledged.value ->> 2
    ORDER BY acknowledged.key";

/// Sessions whose revisions have a gap, or whose revision is not their last event's.
const ASTRAY: &str = "
    SELECT event.session_id
    FROM (SELECT session_id, min(revision) AS first, max(revision) AS last, count(*) AS events
          FROM channel_session_event WHERE tenant_id = 'default' GROUP BY session_id) AS event
    LEFT JOIN channel_session AS session ON session.tenant_id = 'default' AND session.id = event.session_id
    WHERE session.revision IS NOT event.last OR event.last - event.first + 1 <> event.events";

impl Database {
    /// A file in a folder. The service makes it, and its tables.
    pub(crate) fn within(folder: &Path) -> Self {
        Self { file: folder.join("channel-sessions.db") }
    }

    /// Its URL for the service: `sqlite:…`.
    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.file.display())
    }

    /// A connection with the settings that the service's own has.
    pub(crate) fn connect(&self) -> Result<Connection, Failure> {
        let connection = Connection::open(&self.file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000",
        )?;
        Ok(connection)
    }

    /// Stores the same sessions as [`crate::postgres::Database::fill`] does, all of them active.
    pub(crate) fn fill(&self, sessions: u32) -> Result<(), Failure> {
        let connection = self.connect()?;
        // Members in the order in which the service keeps them.
        let document = Document::parse(seed::CHANNEL_SESSION)?;
        connection.execute(FILL, params![document.text(), sessions])?;
        Ok(connection.execute_batch("ANALYZE")?)
    }

    /// Takes away what runs leave behind, so that each starts alike.
    pub(crate) fn empty(&self) -> Result<(), Failure> {
        Ok(self.connect()?.execute_batch(EMPTY)?)
    }

    /// How many events there are.
    pub(crate) fn events(&self) -> Result<usize, Failure> {
        let count = "SELECT count(*) FROM channel_session_event";
        let count: i64 = self.connect()?.query_row(count, [], |row| row.get(0))?;
        Ok(count.try_into()?)
    }

    /// Which of these are not in the database, by their indexes.
    pub(crate) fn missing(&self, acknowledged: &[Acknowledged]) -> Result<Vec<usize>, Failure> {
        let acknowledged: Vec<_> =
            acknowledged.iter().map(|it| (it.session, it.revision, it.token.to_string())).collect();
        let [change, token @ ..] = update::TOKEN_IN_CHANGES;
        let path = format!("$[{change}].{}", token.join("."));
        let connection = self.connect()?;
        let mut statement = connection.prepare(MISSING)?;
        let parameters = params![serde_json::to_string(&acknowledged)?, path];
        let mut missing = Vec::new();
        for ordinal in statement.query_map(parameters, |row| row.get::<_, i64>(0))? {
            missing.push(usize::try_from(ordinal?)?);
        }
        Ok(missing)
    }

    /// Sessions whose revision is not their last event's, or whose revisions have a gap.
    pub(crate) fn astray(&self) -> Result<Vec<String>, Failure> {
        let connection = self.connect()?;
        let mut statement = connection.prepare(ASTRAY)?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

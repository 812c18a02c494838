//! Connecting to a database whose tables are there.

use std::time::Duration;

use batcher::{Batcher, LockWait, Tasks};
use domain::{batch::SessionCache, command::Command, store::OpenError};
use sqlx::{Connection, PgConnection, Row};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    Store,
    connections::{Connections, Limits, bounded},
    epoch::Epoch,
    error::{cause, is_transient},
    execute,
    get::{self, Read},
    reachability::Reachability,
    row_security::policies,
    target::Target,
};

/// How the store connects.
#[derive(Debug, Clone)]
pub struct Options {
    /// As many connections as the store opens, half of them for commands. Too few, and calls wait for each other; too many,
    /// and the database spends its time on switching between them.
    pub max_connections: u32,
    /// As many more as it opens for reading events, however many watch.
    pub max_event_connections: u32,
    /// How many batches of commands are written at once, and as many of reads are read beside them.
    pub batches: usize,
    /// How long a call waits for a connection that others hold before it is refused.
    pub acquire_timeout: Duration,
    /// How long the database may take for one statement. Then its connection is closed, and the outcome of a command is
    /// unknown. Too short, and statements fail that would have been done; too long, and a database that is gone without a
    /// word keeps sessions from being written for so long.
    pub statement_timeout: Duration,
    /// Whether the answers that idempotency records hold are kept with them. Otherwise they are rebuilt, for which events
    /// have to be kept as long as records.
    pub keeps_answers: bool,
    /// Whether settings by which the server may lose what it has acknowledged are warned of.
    pub warns_of_losses: bool,
    /// How many bytes the sessions take that were written last, whose next update needs no reading; 0 for none. Too few, and
    /// most updates read their session first; too many, and memory is taken for sessions that nobody writes any more.
    pub session_cache: usize,
    /// Whether the tables have policies of row-level security, so that each statement says whose rows it is about: more round
    /// trips for each batch, and batches of one tenant. Opening fails where the tables have other policies than that.
    pub row_level_security: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_connections: 16,
            max_event_connections: 3,
            batches: 2,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(5),
            keeps_answers: false,
            warns_of_losses: true,
            session_cache: SessionCache::DEFAULT_BYTES,
            row_level_security: false,
        }
    }
}

/// The oldest PostgreSQL that the statements are written for, as `server_version_num` gives it.
const MIN_SERVER_VERSION: i32 = 140_000;

impl Store {
    /// Connects to the database that a `postgres://` URL names. The tables have to be there: see [`crate::migrate`].
    ///
    /// # Errors
    /// If the URL is not understood, or the database cannot be reached or used.
    pub async fn open(url: &str, options: &Options) -> Result<Self, OpenError> {
        let target = Target::parse(url)?;
        let mut first = connect(&target).await?;
        check_server(&mut first).await?;
        check_row_level_security(&mut first, options.row_level_security).await?;
        if options.warns_of_losses {
            warn_of_losses(&mut first).await;
        }
        // A standby, or a database that is read only, takes nothing: whoever writes first begins it then.
        let epoch = Epoch::default();
        if let Err(error) = epoch.begin_first(&mut first).await {
            tracing::debug!(%error, "no epoch could be begun yet");
        }
        // Kept by nobody: each purpose has connections of its own, so that none of them keeps another one waiting.
        let _ = bounded(options.statement_timeout, first.close()).await;
        let reachability = Reachability::default();
        let connections = |pool, max: u32| {
            let limits = Limits {
                pool,
                max: max.max(1),
                acquire: options.acquire_timeout,
                statement: options.statement_timeout,
                row_level_security: options.row_level_security,
            };
            Connections::new(target.clone(), limits, epoch.clone(), reachability.clone())
        };
        let commands = connections("changes", options.max_connections / 2);
        let reads = connections("reads", options.max_connections / 4);
        let lists = connections("lists", options.max_connections / 4);
        let events = connections("events", options.max_event_connections);
        let batches = batcher::Options {
            max_in_flight: options.batches,
            max_slow_in_flight: 2 * options.batches,
            max_stalled: (options.max_connections / 2) as usize,
            one_tenant: options.row_level_security,
            ..batcher::Options::default()
        };
        let tasks = |connections: &Connections| Tasks::new(connections.max(), options.acquire_timeout);
        let (writing, reading, keeps_answers) = (commands.clone(), reads.clone(), options.keeps_answers);
        let cache = SessionCache::new(options.session_cache);
        Ok(Self {
            commands: Batcher::new(batches.clone(), move |commands: Vec<Command>, wait| {
                let (connections, cache) = (writing.clone(), cache.clone());
                async move { execute::run(&connections, &cache, commands, wait, keeps_answers).await }
            }),
            reads: Batcher::new(batches, move |reads: Vec<Read>, _: LockWait| {
                let connections = reading.clone();
                async move { get::run(&connections, reads).await }
            }),
            lists: tasks(&lists),
            events: tasks(&events),
            retention: Tasks::new(1, options.acquire_timeout),
            connections: Purposes { commands, reads, lists, events },
        })
    }
}

/// The connections for each purpose: none of them keeps another one waiting.
#[derive(Debug, Clone)]
pub(crate) struct Purposes {
    pub(crate) commands: Connections,
    pub(crate) reads: Connections,
    pub(crate) lists: Connections,
    pub(crate) events: Connections,
}

impl Purposes {
    /// All of them.
    pub(crate) fn all(&self) -> [&Connections; 4] {
        [&self.commands, &self.reads, &self.lists, &self.events]
    }
}

/// How long an attempt to connect is waited for before another one is begun beside it: what takes connections and says nothing,
/// such as a proxy whose database is unavailable, says nothing on them later either. Too short, and a slow database is
/// asked again and again; too long, and one that has come is found late.
const ATTEMPT: Duration = Duration::from_millis(500);

/// Connects by whichever attempt ends first, and says to whom where that fails.
pub(crate) async fn connect(target: &Target) -> Result<PgConnection, OpenError> {
    let mut attempts = JoinSet::new();
    let ended = loop {
        let attempted = target.clone();
        attempts.spawn(async move { attempted.connect().await });
        if let Ok(Some(Ok(ended))) = timeout(ATTEMPT, attempts.join_next()).await {
            break ended;
        }
    };
    ended.map_err(|error| {
        let transient = is_transient(&error);
        let message = format!("cannot connect to PostgreSQL at {}", target.hosts());
        OpenError::because(message, cause(error)).transient(transient)
    })
}

/// Holds a server to what the statements need.
pub(crate) async fn check_server(connection: &mut PgConnection) -> Result<(), OpenError> {
    let refuse = |message: String| Err(OpenError::new(message));
    // Not prepared, as nothing is that the first connection does: a pooler may hand it to somebody else.
    let row = sqlx::raw_sql(
        "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding,
                version() AS name",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| {
        let transient = is_transient(&error);
        OpenError::because("the database does not say what it is", cause(error)).transient(transient)
    })?;
    let (version, encoding, name): (&str, &str, &str) =
        (row.get("version"), row.get("encoding"), row.get("name"));
    if version.parse().is_ok_and(|version: i32| version < MIN_SERVER_VERSION) {
        return refuse(format!("the database is {name}; PostgreSQL 14 or later is needed"));
    }
    if encoding != "UTF8" {
        return refuse(format!(
            "the database's encoding is {encoding}, which cannot hold every session; create it with ENCODING 'UTF8'"
        ));
    }
    Ok(())
}

/// Holds the tables and the role to what was asked for.
async fn check_row_level_security(connection: &mut PgConnection, on: bool) -> Result<(), OpenError> {
    match policies::problem(connection, on).await {
        Ok(None) => Ok(()),
        Ok(Some(problem)) => Err(OpenError::new(problem)),
        Err(error) => {
            let transient = is_transient(&error);
            let message = "the database does not say whether its tables have row-level security";
            Err(OpenError::because(message, cause(error)).transient(transient))
        }
    }
}

/// The settings that are off by which the server may lose what it has acknowledged.
pub(crate) async fn losses(connection: &mut PgConnection) -> Vec<String> {
    let settings = "SELECT name FROM pg_settings
                    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'";
    // Whoever cannot say has been asked what it is, and answered.
    let rows = sqlx::raw_sql(settings).fetch_all(connection).await.unwrap_or_default();
    rows.iter().map(|row| row.get("name")).collect()
}

/// Says them loudly.
async fn warn_of_losses(connection: &mut PgConnection) {
    for setting in losses(connection).await {
        tracing::warn!(
            setting,
            "the database may lose acknowledged updates when it crashes: this setting is off"
        );
    }
}

//! Opening the file, and bringing its tables to this version.

#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::{
    fs::OpenOptions,
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use batcher::{Batcher, Tasks};
use domain::{
    batch::SessionCache,
    command::Command,
    store::{MAX_LISTS, OpenError},
};
use sqlx::{
    ConnectOptions, Connection, SqlStr, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::time::sleep;

use crate::{
    Options, Store,
    backfill::{Backfill, MAX_LOG_BYTES, MAX_LOG_PAGES},
    clock::Clock,
    connections::{ACQUIRE_TIMEOUT, Connections},
    epoch::Epoch,
    error, execute,
    file::File,
    folder,
    health::Writes,
    reserve::Reserve,
};

/// How long a write waits for another process that is writing to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that read. Each has a thread and a page cache of its own, and reads are short.
const READERS: u32 = 4;
const _: () = assert!(READERS as usize > MAX_LISTS, "lists leave readers to reads of single sessions");

impl Store {
    /// Opens the file that an `sqlite:` URL names. The tables have to be there: see [`migrate`].
    ///
    /// # Errors
    /// If the URL is not understood, or the file cannot be opened.
    pub async fn open(url: &str, how: &Options) -> Result<Self, OpenError> {
        let Options { keeps_answers, session_cache } = how;
        let options = options(url)?;
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
        };
        let path = options.get_filename().to_owned();
        let cannot_open = |error| cannot_open(url, &path, error);
        Reserve::adopt(options.get_filename());
        let writer = Connections::new(1, options.clone());
        let backfill = Backfill::new(options.clone());
        // Whether the file can be opened and written is found out at once.
        let mut first = connect(&options).await.map_err(cannot_open)?;
        let epoch = Epoch::default();
        // Where the disk is full, the first write that finds room begins it.
        if let Err(error) = epoch.begin(&mut first).await {
            tracing::debug!(%error, "no epoch could be begun yet");
        }
        first.close().await.map_err(cannot_open)?;
        let file = File::at(options.get_filename()).map_err(|error| cannot_open(error.into()))?;
        file.warn_of_readers();
        let reserve = Reserve::of(file.clone());
        let writes = Writes::default();
        // Made when first needed: most of the time one is enough.
        let read_only = options.read_only(true);
        let command_readers = Connections::new(BATCHES, read_only.clone());
        let readers = pool(READERS).connect_lazy_with(read_only.clone());
        let events = pool(EVENT_READERS).connect_lazy_with(read_only);
        let batches = batcher::Options {
            max_in_flight: BATCHES as usize,
            max_slow_in_flight: BATCHES as usize,
            // One connection writes: a batch that hangs on the file keeps the others from it too.
            max_stalled: 0,
            min_batch: MIN_BATCH,
            // Nor does a large one, for longer than by itself.
            max_large: 1,
            ..batcher::Options::default()
        };
        let target = execute::Target {
            readers: command_readers.clone(),
            writer: writer.clone(),
            cache: SessionCache::new(*session_cache),
            file: file.clone(),
            reserve: reserve.clone(),
            writes: writes.clone(),
            backfill: backfill.clone(),
            epoch,
            keeps_answers: *keeps_answers,
        };
        let commands = Batcher::new(batches, move |commands: Vec<Command>, _| {
            let target = target.clone();
            async move { execute::run(&target, commands).await }
        });
        let tasks = |max| Tasks::new(max, ACQUIRE_TIMEOUT);
        Ok(Self {
            writer,
            command_readers,
            readers,
            events,
            commands,
            reading: tasks(READERS),
            reading_events: tasks(EVENT_READERS),
            retention: tasks(1),
            file,
            reserve,
            writes,
            backfill,
            clock: Clock::default(),
        })
    }
}

/// Connections that read events: however many watch, they keep no other reader waiting.
const EVENT_READERS: u32 = 3;

/// How many batches of commands are under way at once: one is written while another one is read and decided.
const BATCHES: u32 = 2;

/// How many commands have to wait for a transaction beside one that is under way, so that it is worth its commit.
const MIN_BATCH: usize = 16;

/// Makes the file where there is none, and brings its tables to this version. Tables of a later version are left as
/// they are.
///
/// # Errors
/// If the file cannot be opened or written, or a step fails.
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    let options = options(url)?.create_if_missing(true);
    create(options.get_filename());
    Reserve::adopt(options.get_filename());
    let connected = connect(&options).await;
    let mut connection = connected.map_err(|error| cannot_open(url, options.get_filename(), error))?;
    let mut migrator = Migrator::with_migrations(migrations());
    migrator.set_ignore_missing(true);
    let mut result = migrator.run(&mut connection).await;
    // Unlike PostgreSQL's, this driver takes no lock. Of several processes that start on a new file at once, all but
    // one fail at a step that the other has just done; looking again, they find it done.
    for _ in 0..MIGRATION_ROUNDS {
        if !matches!(result, Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))) {
            break;
        }
        result = migrator.run(&mut connection).await;
    }
    result.map_err(|error| {
        let transient =
            if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = &error {
                error::is_transient(error)
            } else {
                false
            };
        OpenError::because("the file's tables cannot be brought to this version", error).transient(transient)
    })?;
    // What was written is durable already; closing folds the log of writes into the file.
    let _ = connection.close().await;
    Ok(())
}

const MIGRATION_ROUNDS: usize = 8;

/// What SQLite does not say itself where the folder is at fault.
fn cannot_open(url: &str, file: &Path, error: sqlx::Error) -> OpenError {
    let transient = error::is_transient(&error);
    let problem =
        folder::problem(file).or_else(|| (!file.exists()).then(|| "there is no such file".to_owned()));
    match problem {
        Some(problem) => OpenError::new(format!("cannot open the SQLite file of {url}: {problem}")),
        None => {
            OpenError::because(format!("cannot open the SQLite file of {url}"), error).transient(transient)
        }
    }
}

/// Makes a file where there is none, for its owner alone: passwords are among what sessions hold. SQLite gives those that it
/// makes beside it the same rights.
fn create(file: &Path) {
    let mut new = OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    new.mode(0o600);
    // Where it cannot be made, SQLite says why when it is opened.
    let _ = new.open(file);
}

/// Connects, also while others do so for the first time: where one of them turns a new file to its way of writing, SQLite
/// refuses the rest at once, whatever they would wait.
pub(crate) async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let limit = Instant::now() + BUSY_TIMEOUT;
    loop {
        match options.connect().await {
            Err(error) if error::is_busy(&error) && Instant::now() < limit => sleep(BUSY_PAUSE).await,
            connected => return connected,
        }
    }
}

/// How long to wait before trying again to open a file that others are opening.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn migrations() -> Vec<Migration> {
    let sql = SqlStr::from_static(include_str!("../migrations/1_channel_session.sql"));
    vec![Migration::new(1, "channel_session".into(), MigrationType::Simple, sql, false)]
}

pub(crate) fn options(url: &str) -> Result<SqliteConnectOptions, OpenError> {
    let file =
        url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    if file.is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
        let message = "an SQLite database in memory would be lost with the process; name a file, such as \
                       sqlite:channel-sessions.db";
        return Err(OpenError::new(message));
    }
    if ["mode=ro", "immutable=1", "immutable=true"].iter().any(|read_only| url.contains(read_only)) {
        let message = "the database URL asks for a file that is only read, and the service writes to it: leave mode and \
                       immutable out of the URL";
        return Err(OpenError::new(message));
    }
    let options = SqliteConnectOptions::from_str(url).map_err(|error| {
        OpenError::because(
            "the database URL is not understood; it looks like sqlite:channel-sessions.db",
            error,
        )
    })?;
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL could lose the last commits when the power fails.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        // A statement that may fail half-way keeps the pages that it changes: not in a file made for each transaction.
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", MAX_LOG_PAGES.to_string())
        .pragma("journal_size_limit", MAX_LOG_BYTES.to_string())
        .disable_statement_logging())
}

#[cfg(test)]
mod tests;

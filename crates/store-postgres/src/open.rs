//! Connecting, and bringing a database's tables to this version.

use std::{str::FromStr, time::Duration};

use domain::{change::Change, store::OpenError};
use gather::Gather;
use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool, Row, SqlStr,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    Store, change,
    connections::{Connections, IDLE_BEFORE_PING},
    get::{self, Read},
};

/// How the store connects.
#[derive(Debug, Clone)]
pub struct Options {
    /// As many connections as the store opens. Too few, and updates wait for each other; too many, and the database
    /// spends its time on switching between them.
    pub max_connections: u32,
    /// As many more as it opens for reading events, however many watch.
    pub max_event_connections: u32,
    /// How many batches of changes are written at once, and as many of reads are read beside them; twice as many where they
    /// hang.
    pub batches: usize,
    /// How long a call waits for a connection before it is refused.
    pub acquire_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_connections: 16,
            max_event_connections: 3,
            batches: 2,
            acquire_timeout: Duration::from_secs(3),
        }
    }
}

/// The oldest PostgreSQL that the statements are written for, as `server_version_num` gives it.
const MIN_SERVER_VERSION: i32 = 140_000;

/// Statements here take arrays, whose lengths say nothing about the plan: each is planned once for a connection. Left to
/// itself the server would plan anew for every short batch, which takes longer than doing it.
const GENERIC_PLANS: &str = "SET plan_cache_mode = force_generic_plan";

impl Store {
    /// Connects to the database that a `postgres://` URL names. The tables have to be there: see [`migrate`].
    ///
    /// # Errors
    /// If the URL is not understood, or the database cannot be reached or used.
    pub async fn open(url: &str, options: &Options) -> Result<Self, OpenError> {
        let connect_options = connect_options(url)?;
        let mut first = connect(&connect_options).await?;
        check_server(&mut first).await?;
        settle(&mut first).await;
        // Kept by nobody: the pool makes its own.
        let _ = first.close().await;

        let connections = |most| Connections::new(lazy_pool(options, most, &connect_options));
        let (connections, events) =
            (connections(options.max_connections), connections(options.max_event_connections));
        let gathering = gather::Options {
            workers: options.batches,
            max_workers: 2 * options.batches,
            company: COMPANY,
            patience: PATIENCE,
            max_batch: MAX_BATCH,
            max_waiting: MAX_WAITING,
        };
        let writing = connections.clone();
        let changes = Gather::new(gathering.clone(), move |changes: Vec<Change>| {
            let connections = writing.clone();
            async move { change::run(&connections, &changes).await }
        });
        let reading = connections.clone();
        let reads = Gather::new(gathering, move |reads: Vec<Read>| {
            let connections = reading.clone();
            async move { get::run(&connections, &reads).await }
        });
        Ok(Self { connections, events, changes, reads })
    }
}

/// How many calls share a statement at most. More gain little, and each waits for all of them.
const MAX_BATCH: usize = 128;

/// How many calls have to wait for a statement beside one that is under way, so that it is worth its beginning and end.
const COMPANY: usize = 24;

/// How long a call waits for company: longer than a statement takes, unless it hangs.
const PATIENCE: Duration = Duration::from_millis(10);

/// How many calls may wait. What is behind so many would not be written before its caller gives up.
const MAX_WAITING: usize = 16 * 1024;

fn lazy_pool(options: &Options, max_connections: u32, to: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(GENERIC_PLANS).execute(connection).await.map(drop) })
        })
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > IDLE_BEFORE_PING {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(to.clone())
}

/// Brings the tables to this version; several may do so at once. Tables of a later version are left as they are.
/// Needs a direct connection, since the lock that it takes belongs to a session.
///
/// # Errors
/// If the database cannot be reached, or a step fails; steps that were done stay done.
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    let mut connection = connect(&connect_options(url)?).await?;
    check_server(&mut connection).await?;
    if is_current(&mut connection).await {
        return Ok(());
    }
    let mut migrator = Migrator::with_migrations(migrations());
    migrator
        .set_ignore_missing(true)
        .run(&mut connection)
        .await
        .map_err(|error| OpenError::because("the database's tables cannot be brought to this version", error))
}

/// Whether every step was taken before. Whoever finds it so needs no privilege to change tables.
async fn is_current(connection: &mut PgConnection) -> bool {
    let taken = sqlx::query_scalar::<_, i64>("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(connection)
        .await
        .unwrap_or_default();
    migrations().iter().all(|step| taken.contains(&step.version))
}

fn migrations() -> Vec<Migration> {
    let step = |version, name: &'static str, sql| {
        Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    };
    vec![
        step(1, "channel_session", include_str!("../migrations/1_channel_session.sql")),
        step(2, "events", include_str!("../migrations/2_events.sql")),
    ]
}

fn connect_options(url: &str) -> Result<PgConnectOptions, OpenError> {
    if url.matches('@').count() > 1 {
        // What stands between them may be part of a password, and would be taken for a host and be shown.
        let message = "the database URL holds more than one @: in a user or a password, write @ as %40, / as %2F, \
                       : as %3A and % as %25";
        return Err(OpenError { message: message.to_owned(), cause: None });
    }
    let options = PgConnectOptions::from_str(url).map_err(|error| {
        OpenError::because(
            "the database URL is not understood; it looks like postgres://user:password@host:5432/database",
            error,
        )
    })?;
    Ok(options
        .application_name("channel-sessions")
        // PgBouncer refuses a connection that asks for it, and nothing here is a float.
        .extra_float_digits(None)
        .disable_statement_logging())
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    options.connect().await.map_err(|error| {
        let target = format!("{}:{}", options.get_host(), options.get_port());
        OpenError::because(format!("cannot connect to PostgreSQL at {target}"), error)
    })
}

async fn check_server(connection: &mut PgConnection) -> Result<(), OpenError> {
    let refuse = |message: String| Err(OpenError { message, cause: None });
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding'), version()",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| OpenError::because("the database does not say what it is", error))?;
    let (version, encoding, name): (i32, &str, &str) = (row.get(0), row.get(1), row.get(2));
    if version < MIN_SERVER_VERSION {
        return refuse(format!("the database is {name}; PostgreSQL 14 or later is needed"));
    }
    if encoding != "UTF8" {
        return refuse(format!(
            "the database's encoding is {encoding}, which cannot hold every session; create it with ENCODING 'UTF8'"
        ));
    }
    Ok(())
}

/// Events of transactions that this server has yet to count came with a dump of another one. They are old: nobody who
/// watches is to be told of them when the count gets there. Where the tables are missing or may not be written, whatever
/// needs them says so later.
async fn settle(connection: &mut PgConnection) {
    let oldest = "UPDATE channel_session_event SET transaction_id = '3'
                  WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())";
    if let Ok(done) = sqlx::query(oldest).execute(&mut *connection).await
        && done.rows_affected() > 0
    {
        tracing::info!(events = done.rows_affected(), "events came from another server: they count as told");
    }
    let cleaned = "DELETE FROM channel_session_event_cleaned
                   WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())";
    let log = "UPDATE channel_session_event_log SET cleaned_to = NULL
               WHERE cleaned_to >= pg_snapshot_xmax(pg_current_snapshot())";
    for forgotten in [cleaned, log] {
        // As above.
        let _ = sqlx::query(forgotten).execute(&mut *connection).await;
    }
}

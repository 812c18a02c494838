//! Bringing a database's tables to this version.

use std::time::Duration;

use domain::store::OpenError;
use sqlx::{
    Connection, PgConnection, Row, SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::{
    connections::bounded,
    error::{DENIED, cause, code, is_transient},
    open::{check_server, connect},
    row_security::{
        Rows,
        policies::{self, State},
    },
    target::Target,
};

/// How long all of it may take, at the most: a step may have to write a large table again.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Has all steps taken in one transaction, by one process at a time: its lock ends with it, whatever becomes of the process
/// and whatever pooler stands between. It waits so long for that lock, and for tables that others use.
const TURN: &str = "SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock(7163384699371450737)";

/// What becomes of the tables' row-level security.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowLevelSecurity {
    /// It is switched on or off, which is for a time when no instance runs: whoever does not expect it finds nothing.
    Switch(bool),
    /// Tables that are there stay as they are, and those that are made now have it or not.
    OfNewTables(bool),
}

/// Brings the tables to this version; several may do so at once. Tables of a later version are left as they are. New ones have
/// no row-level security, and others keep theirs.
///
/// # Errors
/// If the database cannot be reached, or a step fails; then none has been taken.
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    migrate_with(url, RowLevelSecurity::OfNewTables(false)).await
}

/// The same, and has the tables have row-level security or not.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_with(url: &str, security: RowLevelSecurity) -> Result<(), OpenError> {
    let mut connection = connect(&Target::parse(url)?.unprepared()).await?;
    check_server(&mut connection).await?;
    let run = async {
        if is_current(&mut connection).await? && !is_to_switch(&mut connection, security).await? {
            return Ok(());
        }
        run(&mut connection, security).await
    };
    bounded(LIMIT, run).await.map_err(|error| {
        let code = code(&error);
        let is_locked = code.as_deref() == Some("55P03");
        let message = if is_locked {
            "the database's tables are used by somebody else, perhaps by another migration: try again when that is done"
        } else if code.as_deref() == Some(DENIED) {
            "the database's tables cannot be brought to this version by this role: run `channel-sessions migrate` as their \
             owner, and grant this role what deploy/README.md lists"
        } else {
            "the database's tables cannot be brought to this version"
        };
        let transient = is_locked || is_transient(&error);
        OpenError::because(message, cause(error)).transient(transient)
    })
}

async fn run(connection: &mut PgConnection, security: RowLevelSecurity) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(TURN).execute(&mut *transaction).await?;
    // A step may be about rows of all tenants.
    let set = Rows::OfAll.set()?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut *transaction).await?;
    let is_new = taken(&mut transaction).await?.is_empty();
    // Another process may have done it meanwhile. The migrator leaves named statements on the server's connection, which a
    // pooler may have handed on: whoever prepared the same names once more would fail.
    if !is_current(&mut transaction).await? {
        take_steps(&mut transaction).await?;
    }
    if is_to_switch(&mut transaction, security).await? {
        policies::switch(&mut transaction, security == RowLevelSecurity::Switch(true)).await?;
    } else if is_new && security == RowLevelSecurity::OfNewTables(true) {
        policies::switch(&mut transaction, true).await?;
    }
    transaction.commit().await
}

/// Whether the tables, which are there, have to be changed for it.
async fn is_to_switch(
    connection: &mut PgConnection,
    security: RowLevelSecurity,
) -> Result<bool, sqlx::Error> {
    Ok(match security {
        RowLevelSecurity::Switch(true) => policies::state(connection).await? != State::On,
        RowLevelSecurity::Switch(false) => policies::state(connection).await? != State::Off,
        RowLevelSecurity::OfNewTables(_) => false,
    })
}

async fn take_steps(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut migrator = Migrator::with_migrations(migrations());
    // The lock of its own belongs to a session, which a pooler may hand to somebody else.
    migrator.set_ignore_missing(true).set_locking(false);
    migrator.run(connection).await.map_err(|error| {
        if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
            error
        } else {
            sqlx::Error::Migrate(Box::new(error))
        }
    })
}

/// Whether every step was taken before. Whoever finds it so needs no privilege to change tables.
pub(crate) async fn is_current(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let taken = taken(connection).await?;
    Ok(migrations().iter().all(|step| taken.contains(&step.version)))
}

/// The steps that were taken before; none where there are no tables.
async fn taken(connection: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
    // In a transaction, a statement that fails takes those behind it along.
    let tables = sqlx::raw_sql("SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS is_there");
    if !tables.fetch_one(&mut *connection).await?.try_get("is_there")? {
        return Ok(Vec::new());
    }
    let taken =
        sqlx::raw_sql("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(connection).await?;
    Ok(taken.iter().map(|row| row.get("version")).collect())
}

fn migrations() -> Vec<Migration> {
    let sql = SqlStr::from_static(include_str!("../migrations/1_channel_session.sql"));
    vec![Migration::new(1, "channel_session".into(), MigrationType::Simple, sql, false)]
}

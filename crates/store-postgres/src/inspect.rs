//! A look at a database before anything is begun on it. Nothing is changed: no table is made, no epoch begun.

use std::time::Duration;

use domain::finding::Finding;
use sqlx::{Connection, PgConnection, Row};

use crate::{
    connections::bounded,
    error::cause,
    health::WRITES,
    migrate::is_current,
    open::{check_server, connect, losses},
    row_security::policies,
    target::Target,
};

/// How long the database may take for each question.
const LIMIT: Duration = Duration::from_secs(10);

const DATABASE: &str = "database";
const TABLES: &str = "tables";
const PRIVILEGES: &str = "privileges";
const ROWS: &str = "row-level security";
const DURABILITY: &str = "durability";

/// What is found of the database that a `postgres://` URL names, where its tables are to have row-level security or not. What
/// hangs on something that failed is not looked at.
pub async fn inspect(url: &str, row_level_security: bool) -> Vec<Finding> {
    let opened = async {
        let target = Target::parse(url)?.unprepared();
        let mut connection = connect(&target).await?;
        check_server(&mut connection).await?;
        Ok::<_, domain::store::OpenError>((connection, target.hosts()))
    };
    let (mut connection, hosts) = match tokio::time::timeout(LIMIT, opened).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => return vec![Finding::failed(DATABASE, error.to_string())],
        Err(_) => {
            let said = format!("it did not answer within {} s", LIMIT.as_secs());
            return vec![Finding::failed(DATABASE, said)];
        }
    };
    let mut findings = vec![Finding::fine(DATABASE, format!("it answers at {hosts}"))];
    match bounded(LIMIT, is_current(&mut connection)).await {
        Ok(true) => {
            findings.push(Finding::fine(TABLES, "they are those of this version"));
            findings.push(privileges(&mut connection).await);
            findings.push(rows(&mut connection, row_level_security).await);
        }
        Ok(false) => findings.push(missing_tables(&mut connection).await),
        Err(error) => findings.push(Finding::failed(TABLES, cause(error).to_string())),
    }
    let losses = losses(&mut connection).await;
    findings.push(match &losses[..] {
        [] => Finding::fine(DURABILITY, "what was acknowledged survives a crash"),
        off => {
            let off = off.join(", ");
            Finding::warning(DURABILITY, format!("acknowledged updates may be lost in a crash: off is {off}"))
        }
    });
    let _ = bounded(LIMIT, connection.close()).await;
    findings
}

async fn privileges(connection: &mut PgConnection) -> Finding {
    let row = bounded(LIMIT, sqlx::raw_sql(WRITES).fetch_one(connection)).await;
    let read = row.and_then(|row| {
        let missing: Option<String> = row.try_get("missing")?;
        Ok((row.try_get::<bool, _>("is_standby")?, row.try_get::<bool, _>("is_read_only")?, missing))
    });
    match read {
        Ok((true, ..)) => Finding::failed(PRIVILEGES, "the database is a standby, which takes no writes"),
        Ok((_, true, _)) => Finding::failed(PRIVILEGES, "the database is read-only"),
        Ok((.., Some(missing))) => Finding::failed(PRIVILEGES, format!("the role lacks {missing}")),
        Ok((.., None)) => Finding::fine(PRIVILEGES, "the role has all that it needs"),
        Err(error) => Finding::failed(PRIVILEGES, cause(error).to_string()),
    }
}

/// Whether row-level security is as it is taken to be.
async fn rows(connection: &mut PgConnection, on: bool) -> Finding {
    match bounded(LIMIT, policies::problem(connection, on)).await {
        Ok(None) if on => Finding::fine(ROWS, "the role is held to the rows of one tenant at a time"),
        Ok(None) => Finding::fine(ROWS, "it is off, and the tables do not ask for it"),
        Ok(Some(problem)) => Finding::failed(ROWS, problem),
        Err(error) => Finding::failed(ROWS, cause(error).to_string()),
    }
}

/// Whether `serve` can bring the tables to this version by itself.
async fn missing_tables(connection: &mut PgConnection) -> Finding {
    let may_create = "SELECT pg_is_in_recovery() AS is_standby,
                             COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
                             to_regclass('channel_session') IS NOT NULL
                                 AND to_regclass('_sqlx_migrations') IS NULL AS is_foreign";
    let row = bounded(LIMIT, sqlx::raw_sql(may_create).fetch_one(connection)).await;
    let read = row.and_then(|row| {
        Ok((row.try_get("is_foreign")?, row.try_get("is_standby")?, row.try_get("may_create")?))
    });
    match read {
        Ok((true, ..)) => Finding::failed(
            TABLES,
            "there is a table channel_session that another program has made: use another database, or another schema",
        ),
        Ok((false, false, true)) => {
            Finding::warning(TABLES, "they are not those of this version: the start brings them there")
        }
        Ok((false, true, _)) => {
            Finding::failed(TABLES, "they are not those of this version, and the database is a standby")
        }
        Ok((false, false, false)) => Finding::failed(
            TABLES,
            "they are not those of this version, and this role may make none: run `channel-sessions migrate` as their owner",
        ),
        Err(error) => Finding::failed(TABLES, cause(error).to_string()),
    }
}

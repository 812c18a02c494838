//! Which store a database URL names.

pub(crate) mod deferred;
pub(crate) mod opening;

use std::sync::Arc;

use domain::{
    finding::Finding,
    store::{OpenError, Store},
};

use store_postgres::RowLevelSecurity;

use crate::config::{Database, Retention};

/// Brings the tables to this version, and has them have row-level security or not.
pub(crate) async fn migrate(database: &Database, security: RowLevelSecurity) -> Result<(), OpenError> {
    match Kind::of_database(database)? {
        Kind::Postgres => store_postgres::migrate_with(database.url(), security).await,
        Kind::Sqlite => store_sqlite::migrate(database.url()).await,
    }
}

/// Brings the tables to this version before they are used. Those that are there keep what row-level security they have.
pub(crate) async fn prepare(database: &Database) -> Result<(), OpenError> {
    migrate(database, RowLevelSecurity::OfNewTables(database.row_level_security())).await
}

/// Opens the store, whose tables have to be there: for a service with its retention, or for a command.
pub(crate) async fn open(
    database: &Database,
    retention: Option<&Retention>,
) -> Result<Arc<dyn Store>, OpenError> {
    let keeps_answers = retention.is_some_and(Retention::expires_events_first);
    Ok(match Kind::of_database(database)? {
        Kind::Postgres => {
            let options = store_postgres::Options {
                max_connections: database.max_connections,
                statement_timeout: database.timeout(),
                keeps_answers,
                warns_of_losses: retention.is_some(),
                session_cache: database.session_cache(),
                row_level_security: database.row_level_security(),
                ..store_postgres::Options::default()
            };
            Arc::new(store_postgres::Store::open(database.url(), &options).await?)
        }
        Kind::Sqlite => {
            let options = store_sqlite::Options { keeps_answers, session_cache: database.session_cache() };
            Arc::new(store_sqlite::Store::open(database.url(), &options).await?)
        }
    })
}

/// Whether a database is a file, which can be copied.
pub(crate) fn is_file(database: &Database) -> Result<bool, OpenError> {
    Ok(match Kind::of(database.url())? {
        Kind::Sqlite => true,
        Kind::Postgres => false,
    })
}

/// Looks at the database, and changes nothing.
pub(crate) async fn inspect(database: &Database) -> Vec<Finding> {
    match Kind::of_database(database) {
        Ok(Kind::Postgres) => store_postgres::inspect(database.url(), database.row_level_security()).await,
        Ok(Kind::Sqlite) => store_sqlite::inspect(database.url()).await,
        Err(error) => vec![Finding::failed("database", error.to_string())],
    }
}

/// What kind of database it is, as OpenTelemetry calls it; none where its URL names none.
pub(crate) fn system(database: &Database) -> &'static str {
    match Kind::of(database.url()) {
        Ok(Kind::Postgres) => "postgresql",
        Ok(Kind::Sqlite) => "sqlite",
        Err(_) => "",
    }
}

/// What a database is called in the log: its URL without what may be secret in it.
pub(crate) fn target(database: &Database) -> &str {
    target_of(database.url())
}

fn target_of(url: &str) -> &str {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    let rest = rest.split('?').next().unwrap_or_default();
    if scheme == "sqlite" {
        return rest.strip_prefix("//").unwrap_or(rest);
    }
    // A password may hold what ends it; whatever stands before the last @ is left out.
    rest.rsplit('@').next().unwrap_or_default().trim_start_matches('/')
}

enum Kind {
    Postgres,
    Sqlite,
}

impl Kind {
    /// # Errors
    /// If the URL names none, or one that cannot do what is asked of it.
    fn of_database(database: &Database) -> Result<Self, OpenError> {
        match Self::of(database.url())? {
            Self::Sqlite if database.row_level_security() => Err(OpenError::new(
                "--row-level-security is on, and SQLite has none: it is for PostgreSQL, so set it off",
            )),
            kind @ (Self::Postgres | Self::Sqlite) => Ok(kind),
        }
    }

    fn of(url: &str) -> Result<Self, OpenError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            Some("sqlite") => Ok(Self::Sqlite),
            // The URL itself is not repeated: it may hold a password.
            scheme => {
                let hint = match scheme {
                    None if url.is_empty() => "; it is empty: leave it out for the default",
                    None => "; for a file, put sqlite: before its name, as in sqlite:x.db",
                    Some(_) => "",
                };
                let message = "DATABASE_URL or --database-url must start with postgres:// or sqlite:";
                Err(OpenError::new(format!("{message}{hint}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_no_secret() {
        for (url, name) in [
            ("postgres://me:hunter2@db:5432/sessions?password=hunter2", "db:5432/sessions"),
            ("postgres://me:hun@ter2@db/sessions", "db/sessions"),
            ("postgresql://db/sessions", "db/sessions"),
            ("sqlite:channel-sessions.db", "channel-sessions.db"),
            ("sqlite:/var/lib/a@b/x.db?mode=rwc", "/var/lib/a@b/x.db"),
            ("sqlite:///var/lib/x.db", "/var/lib/x.db"),
            ("hunter2", ""),
        ] {
            assert_eq!(target_of(url), name);
        }
    }
}

//! Which store a database URL names.

use std::sync::Arc;

use domain::store::{OpenError, Store};

use crate::config::Database;

/// Brings the tables to this version.
pub(crate) async fn migrate(database: &Database) -> Result<(), OpenError> {
    match Kind::of(&database.url)? {
        Kind::Postgres => store_postgres::migrate(&database.url).await,
        Kind::Sqlite => store_sqlite::migrate(&database.url).await,
    }
}

/// Opens the store, whose tables have to be there.
pub(crate) async fn open(database: &Database) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match Kind::of(&database.url)? {
        Kind::Postgres => {
            let options = store_postgres::Options {
                max_connections: database.max_connections,
                statement_timeout: database.timeout(),
                ..store_postgres::Options::default()
            };
            Arc::new(store_postgres::Store::open(&database.url, &options).await?)
        }
        Kind::Sqlite => Arc::new(store_sqlite::Store::open(&database.url).await?),
    })
}

enum Kind {
    Postgres,
    Sqlite,
}

impl Kind {
    fn of(url: &str) -> Result<Self, OpenError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            Some("sqlite") => Ok(Self::Sqlite),
            // The URL itself is not repeated: it may hold a password.
            _ => Err(OpenError {
                message: "DATABASE_URL or --database-url must start with postgres:// or sqlite:".to_owned(),
                cause: None,
            }),
        }
    }
}

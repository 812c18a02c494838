//! A copy of a file that may be in use: whole, and as it stood at one moment.
//!
//! SQLite makes it within one reading transaction, so nobody who writes waits for it. What is written meanwhile is not in it,
//! and stays in the log of writes (`-wal`), which cannot be folded into the file before the copy is done.

use std::path::Path;

use domain::store::OpenError;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::open::{connect, options};

/// A file that is to be copied.
#[derive(Debug)]
pub struct Backup {
    connection: SqliteConnection,
    bytes: u64,
}

impl Backup {
    /// Opens the file that an `sqlite:` URL names. Nothing in it is changed.
    ///
    /// # Errors
    /// The URL is not understood, there is no such file, or it is none of this program's.
    pub async fn of(url: &str) -> Result<Self, OpenError> {
        let options = options(url)?;
        let shown = options.get_filename().display().to_string();
        if !options.get_filename().exists() {
            return Err(OpenError::new(format!("there is no file {shown}")));
        }
        let because = |error| OpenError::because(format!("cannot read {shown}"), error);
        let mut connection = connect(&options).await.map_err(because)?;
        let bytes = "SELECT (page_count - freelist_count) * page_size
                     FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
        let bytes: i64 = sqlx::query_scalar(bytes).fetch_one(&mut connection).await.map_err(because)?;
        sessions(&mut connection).await.map_err(because)?;
        Ok(Self { connection, bytes: bytes.unsigned_abs() })
    }

    /// How large the copy is going to be, in bytes, give or take what is written meanwhile.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Copies it into a file that is there and empty, has the copy checked, and returns how many sessions are in it. The copy is
    /// not on the disk yet when this ends, and nothing of it is of use if this is dropped.
    ///
    /// # Errors
    /// The file cannot be read, or the copy not written; or what was copied is damaged.
    pub async fn copy_into(mut self, copy: &Path) -> Result<u64, OpenError> {
        let because = |what: &str| {
            let what = what.to_owned();
            move |error: sqlx::Error| OpenError::because(what, error)
        };
        let name = copy.to_str().ok_or_else(|| OpenError::new("the name of the copy is no text"))?;
        let made = sqlx::query("VACUUM INTO ?").bind(name).execute(&mut self.connection).await;
        made.map_err(because("the file cannot be copied"))?;
        // Nothing was changed: closing it has nothing to write.
        let _ = self.connection.close().await;
        // Opened as immutable, SQLite makes no files beside it.
        let options = SqliteConnectOptions::new().filename(copy).immutable(true).read_only(true);
        let unreadable = "the copy cannot be read";
        let copy = options.disable_statement_logging().connect().await;
        let mut copy = copy.map_err(because(unreadable))?;
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&mut copy)
            .await
            .map_err(because(unreadable))?;
        if found != "ok" {
            return Err(OpenError::new(format!("the file is damaged, and so is the copy: {found}")));
        }
        let sessions = sessions(&mut copy).await.map_err(because(unreadable))?;
        copy.close().await.map_err(because(unreadable))?;
        Ok(sessions)
    }
}

/// How many sessions there are, of all tenants.
async fn sessions(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let count = "SELECT count(*) AS sessions FROM channel_session WHERE active IS NOT NULL";
    let count: i64 = sqlx::raw_sql(count).fetch_one(connection).await?.try_get("sessions")?;
    Ok(count.unsigned_abs())
}

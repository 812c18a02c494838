//! SQLite by itself: one transaction for each update, on one connection that the callers take turns on, so that none of
//! them meets a lock or waits for another thread.

use std::sync::{Arc, Mutex};

use rusqlite::{Connection, Row, params};
use tokio::task::yield_now;

use crate::{
    Failure,
    load::{Caller, Target, update::Token},
    sqlite::Database,
};

/// Returns the revision and the document that a session comes to, its conversation, and what changes.
const MERGE: &str = include_str!("sqlite/merge.sql");

const EVENT: &str = include_str!("sqlite/event.sql");

const SESSION: &str = "UPDATE channel_session SET revision = ?2, document = ?3 WHERE tenant_id = 'default' AND id = 'session-' || ?1";

/// The documented update.
#[derive(Clone)]
pub(crate) struct Updates(Arc<Mutex<Connection>>);

impl Updates {
    pub(crate) fn on(database: &Database) -> Result<Self, Failure> {
        Ok(Self(Arc::new(Mutex::new(database.connect()?))))
    }
}

impl Target for Updates {
    type Caller = Self;

    fn threads(&self) -> usize {
        1
    }

    async fn connect(&self, callers: usize) -> Result<Vec<Self>, Failure> {
        Ok(vec![self.clone(); callers])
    }
}

impl Caller for Updates {
    async fn call(&mut self, session: u32, token: Token) -> Result<i64, Failure> {
        // Everybody else's turn.
        yield_now().await;
        let connection = self.0.lock().map_err(|_| "another caller has panicked")?;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let merge = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let (revision, document, conversation, changes): (i64, String, String, String) =
            connection.prepare_cached(MERGE)?.query_row(params![session, token.to_string()], merge)?;
        connection.prepare_cached(EVENT)?.execute(params![session, revision, conversation, changes])?;
        connection.prepare_cached(SESSION)?.execute(params![session, revision, document])?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(revision)
    }
}

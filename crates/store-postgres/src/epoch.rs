//! Epochs: which history of the database a position belongs to.
//!
//! Transaction ids come again after a failover to a standby that lagged, after a restore of a backup, and in another
//! database. So an epoch begins with each start of a server, in a transaction of its own and before anything is written. Of
//! a position that has seen the transaction in which a later epoch than its own begins, that transaction was another one
//! when it was seen: it belongs to a history that is none any more.
//!
//! A crash of the server begins no epoch, and none is needed: a position counts no transaction as seen that is later than
//! one of whose events it is known that they are durable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::{PgConnection, Row};

use crate::{connections::Lease, row_security::Rows};

/// Which database it is: neither another cluster, nor another database in it, nor tables that were restored have the same.
macro_rules! database_id {
    () => {
        "(SELECT system_identifier FROM pg_control_system())::text || '/'
            || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/'
            || 'channel_session_event'::regclass::oid"
    };
}
pub(crate) use database_id;

/// Several may begin it at once: one does. Where the tables came from another database, the transaction ids in them mean
/// nothing here, and come to stand before all of this one's.
const BEGIN: &str = concat!(
    "WITH here AS MATERIALIZED (
        SELECT pg_postmaster_start_time() AS server_started, ", database_id!(), " AS database_id
    ), foreign_epoch AS (
        DELETE FROM channel_session_epoch AS epoch USING here WHERE epoch.database_id <> here.database_id
    ), is_new AS MATERIALIZED (
        SELECT NOT EXISTS (SELECT FROM channel_session_epoch JOIN here USING (database_id)) AS is_new
    ), settled_event AS (
        UPDATE channel_session_event SET transaction_id = '3' WHERE transaction_id <> '3' AND (SELECT is_new FROM is_new)
    ), settled_log AS (
        UPDATE channel_session_event_log SET expired_to = NULL, expired_last = '{}', oldest_event = NULL
        WHERE (SELECT is_new FROM is_new)
    ), begun AS (
        INSERT INTO channel_session_epoch (server_started, database_id)
        SELECT server_started, database_id FROM here
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT id FROM begun
    UNION ALL SELECT id FROM channel_session_epoch JOIN here USING (server_started, database_id)"
);

/// The epoch that a store writes in. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epoch(Arc<Mutex<Arc<str>>>);

impl Epoch {
    /// Its id; empty where none has begun.
    pub(crate) fn id(&self) -> Arc<str> {
        self.lock().clone()
    }

    /// Begins the epoch of this start of the server, unless somebody has.
    pub(crate) async fn begin(&self, connection: &mut Lease) -> Result<(), sqlx::Error> {
        // Somebody else's is not seen in the statement that had to wait for it.
        for _ in 0..2 {
            if let Some(row) = connection.fetch_all(Rows::OfAll, sqlx::query(BEGIN)).await?.pop() {
                *self.lock() = row.try_get::<&str, _>("id")?.into();
                break;
            }
        }
        Ok(())
    }

    /// The same when a store is opened, before any limit on statements: there may be many events to settle.
    pub(crate) async fn begin_first(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        // One message is one transaction, for which the rows are set.
        let begin = format!("{}; {BEGIN}", Rows::OfAll.set()?);
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).fetch_all(connection).await?;
        if let Some(row) = rows.last() {
            *self.lock() = row.try_get::<&str, _>("id")?.into();
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Arc<str>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

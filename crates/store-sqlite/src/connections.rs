//! Connections to the file that are kept for one purpose.
//!
//! A pool of the driver's pings a connection whenever it gets it back, and meanwhile nobody else can have it. A file is
//! always there.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{Error, Outcome};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{error, open};

/// How long a call waits for a connection that other calls hold.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A bounded number of connections, each opened when it is first needed. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    options: SqliteConnectOptions,
    count: u32,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
}

/// A connection in use. One that is dropped is closed, whatever it was about.
pub(crate) struct Lease {
    connection: SqliteConnection,
    from: Connections,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    pub(crate) fn new(count: u32, options: SqliteConnectOptions) -> Self {
        Self { options, count, permits: Arc::new(Semaphore::new(count as usize)), idle: Arc::default() }
    }

    /// A connection, as soon as there is one.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if others hold all of them for too long, [`Error::StoreUnavailable`] if none can be opened.
    pub(crate) async fn get(&self) -> Result<Lease, Error> {
        let unavailable = |error| error::unavailable(error, Outcome::NotApplied);
        let permit = timeout(ACQUIRE_TIMEOUT, self.permits.clone().acquire_owned()).await;
        let permit =
            permit.map_err(|_| Error::Overloaded)?.map_err(|_| unavailable(sqlx::Error::PoolClosed))?;
        let idle = self.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::connect(&self.options).await.map_err(unavailable)?,
        };
        Ok(Lease { connection, from: self.clone(), _permit: permit })
    }

    /// Closes them all, once they are not in use any more.
    pub(crate) async fn close(&self) {
        let _all = self.permits.acquire_many(self.count).await;
        self.permits.close();
        let connections = std::mem::take(&mut *self.lock());
        for connection in connections {
            // What was written is durable already.
            let _ = connection.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Keeps the connection for the next call. No transaction may be open on it.
    pub(crate) fn keep(self) {
        self.from.lock().push(self.connection);
    }
}

impl Deref for Lease {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

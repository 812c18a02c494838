//! A connection in use, and how a statement is run on it.

use std::time::Instant;

use batcher::LockWait;
use domain::session::TenantId;
use sqlx::{
    PgConnection, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use tokio::sync::OwnedSemaphorePermit;

use super::{Connections, Idle, LONG_LOCK_WAIT, MAX_IDLE, SHORT_LOCK_WAIT, bounded};
use crate::{engine::Engine, epoch::Epoch, error, row_security::Rows};

/// A connection in use.
pub(crate) struct Lease {
    /// There until it is dropped.
    pub(super) idle: Option<Idle>,
    pub(super) is_sound: bool,
    pub(super) from: Connections,
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// Runs a statement about these rows, and returns what it returns. Where there is row-level security, it stands in a
    /// transaction of its own, which has ended when this returns.
    ///
    /// # Errors
    /// What was written is undone if the error is the database's word. Otherwise it may have been committed.
    pub(crate) async fn fetch_all(
        &mut self,
        rows: Rows<'_>,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let begin = if self.from.is_guarded() { rows.begin()? } else { None };
        self.run(async |connection| match begin {
            None => query.fetch_all(connection).await,
            Some(begin) => {
                run_raw(connection, begin).await?;
                let rows = query.fetch_all(&mut *connection).await;
                end(connection, rows).await
            }
        })
        .await
    }

    /// Reads in one snapshot: first over all tenants, and then, where something comes of that, among one tenant's rows. It is
    /// for connections of which statements have to say that.
    pub(crate) async fn fetch_all_then<'a>(
        &mut self,
        tenant: &TenantId,
        first: Query<'_, Postgres, PgArguments>,
        second: impl FnOnce(&[PgRow]) -> Result<Option<Query<'a, Postgres, PgArguments>>, sqlx::Error>,
    ) -> Result<(Vec<PgRow>, Vec<PgRow>), sqlx::Error> {
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {}", Rows::OfAll.set()?);
        let set = Rows::Of(tenant).set()?;
        self.run(async |connection| {
            run_raw(connection, begin).await?;
            let read = async {
                let first = first.fetch_all(&mut *connection).await?;
                let Some(second) = second(&first)? else { return Ok((first, Vec::new())) };
                run_raw(connection, set).await?;
                let second = second.fetch_all(&mut *connection).await?;
                Ok((first, second))
            };
            let read = read.await;
            end(connection, read).await
        })
        .await
    }

    async fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let limit = self.from.0.limits.statement;
        // Until it is known how the statement ends: also whoever drops this future leaves the connection so.
        self.is_sound = false;
        let Some(idle) = &mut self.idle else { return Err(sqlx::Error::WorkerCrashed) };
        let done = bounded(limit, work(&mut idle.connection)).await;
        match &done {
            Ok(_) => self.is_sound = true,
            Err(error) if error::leaves_connection_sound(error) => self.is_sound = true,
            Err(error) => {
                self.from.distrust();
                self.from.doubt(error);
            }
        }
        done
    }

    /// Runs a statement that returns one row.
    pub(crate) async fn fetch_one(
        &mut self,
        rows: Rows<'_>,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<PgRow, sqlx::Error> {
        self.fetch_all(rows, query).await?.pop().ok_or(sqlx::Error::RowNotFound)
    }

    /// Runs a statement of which nothing is returned.
    pub(crate) async fn execute(
        &mut self,
        rows: Rows<'_>,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), sqlx::Error> {
        self.fetch_all(rows, query).await.map(drop)
    }

    /// The epoch of the database that it leads to, as far as is known.
    pub(crate) fn epoch(&self) -> Epoch {
        self.from.0.epoch.clone()
    }

    /// Whether statements have to say whose rows they are about.
    pub(crate) fn is_guarded(&self) -> bool {
        self.from.is_guarded()
    }

    /// What keeps the tables that it leads to.
    pub(crate) fn engine(&self) -> Engine {
        self.idle.as_ref().map_or(Engine::Postgres, |idle| idle.engine)
    }

    /// Whether another statement can be sent on it.
    pub(crate) fn is_sound(&self) -> bool {
        self.is_sound
    }

    /// Whether it has yet to be set how long it waits for locks, which is what batches begin with.
    pub(crate) fn is_new(&self) -> bool {
        self.idle.as_ref().is_some_and(|idle| idle.lock_wait.is_none())
    }

    /// Has nobody else use it.
    pub(crate) fn close(mut self) {
        self.idle = None;
    }

    /// Sets how long the statements that follow wait for locks.
    pub(crate) async fn wait_for_locks(&mut self, wait: LockWait) -> Result<(), sqlx::Error> {
        if self.idle.as_ref().is_some_and(|idle| idle.lock_wait == Some(wait)) {
            return Ok(());
        }
        let limit = match wait {
            LockWait::Short => SHORT_LOCK_WAIT,
            LockWait::Long => LONG_LOCK_WAIT,
        };
        let set = sqlx::query("SELECT set_config('lock_timeout', $1, false) AS lock_timeout");
        let set = self.fetch_one(Rows::None, set.bind(limit.as_millis().to_string())).await?;
        set.try_get::<&str, _>("lock_timeout")?;
        if let Some(idle) = &mut self.idle {
            idle.lock_wait = Some(wait);
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.from.report_use(1);
        let is_good = self.is_sound && !self.from.0.permits.is_closed();
        let generation = self.from.generation();
        let Some(idle) = self.idle.take().filter(|idle| is_good && idle.generation == generation) else {
            // Closed by being dropped.
            return;
        };
        let mut all = self.from.lock();
        all.push(Idle { used: Instant::now(), ..idle });
        // Those at the front have rested longest.
        let rested = all.iter().take_while(|idle| idle.used.elapsed() > MAX_IDLE).count();
        all.drain(..rested);
    }
}

/// Ends a transaction by how its statements ended. A connection that did not outlive them has nothing to be ended.
async fn end<T>(connection: &mut PgConnection, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
    match done {
        Ok(done) => run_raw(connection, "COMMIT".to_owned()).await.map(|()| done),
        Err(error) if error::leaves_connection_sound(&error) => {
            run_raw(connection, "ROLLBACK".to_owned()).await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// Runs what is not prepared, in one round trip.
async fn run_raw(connection: &mut PgConnection, statements: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(connection).await.map(drop)
}

//! Whether the file answers what callers need: each kind of call on the connections that it would use.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    Error,
    error::Source,
    health::{Check, Health},
};
use sqlx::SqlitePool;
use tokio::time::timeout;

use crate::{connections::Connections, error, file::File, position, reserve::Reserve};

/// How long the file may take for a probe: longer than a busy one does, and far below what callers wait.
const LIMIT: Duration = Duration::from_secs(3);

/// How long a write that went well says that the next one will. Longer, and a disk that fills up while nobody writes is
/// noticed later; shorter, and an idle service writes more often for nothing.
const WRITE_INTERVAL: Duration = Duration::from_secs(5);

const TABLES: &str = "
    SELECT session.revision, event.number
    FROM channel_session AS session, channel_session_event AS event LIMIT 0";

/// A write that nobody can see.
const WRITE: &str = "UPDATE channel_session_clock SET probes = probes + 1";

/// What is known of writes. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writes(Arc<Mutex<Option<Instant>>>);

impl Writes {
    /// A write went well, or did not.
    pub(crate) fn note(&self, went_well: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = went_well.then(Instant::now);
    }

    fn are_known_to_work(&self) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < WRITE_INTERVAL)
    }
}

pub(crate) struct Probe<'a> {
    pub(crate) file: &'a File,
    pub(crate) reserve: &'a Reserve,
    pub(crate) writes: &'a Writes,
    pub(crate) writer: &'a Connections,
    pub(crate) readers: &'a SqlitePool,
    pub(crate) events: &'a SqlitePool,
}

impl Probe<'_> {
    pub(crate) async fn run(&self) -> Health {
        if let Err(cause) = self.file.check() {
            return Health::all(Err(cause));
        }
        let (reads, writes, watches) = tokio::join!(self.reads(), self.write(), self.watches());
        Health { reads, writes, watches }
    }

    async fn reads(&self) -> Check {
        within(async { sqlx::query(TABLES).execute(self.readers).await.map(drop).map_err(error::of_read) })
            .await
    }

    async fn watches(&self) -> Check {
        within(async { position::now(self.events).await.map(drop) }).await
    }

    async fn write(&self) -> Check {
        let reserve = self.reserve.clone();
        // It may write some megabytes.
        let _ = tokio::task::spawn_blocking(move || reserve.renew()).await;
        if self.reserve.is_held() && self.writes.are_known_to_work() {
            return Ok(());
        }
        let check = within(async {
            let mut connection = self.writer.get().await?;
            self.reserve.check(&mut connection).await?;
            if let Err(error) = sqlx::query(WRITE).execute(&mut *connection).await {
                if error::is_full(&error) {
                    self.reserve.spend();
                }
                return Err(error::of_write(error));
            }
            connection.keep();
            Ok(())
        })
        .await;
        self.writes.note(check.is_ok());
        check
    }
}

async fn within(probe: impl Future<Output = Result<(), Error>>) -> Check {
    match timeout(LIMIT, probe).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Error::StoreUnavailable { cause, .. } | Error::Internal(cause))) => Err(cause),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Source::from(format!("the file did not answer within {} s", LIMIT.as_secs()))),
    }
}

//! Backfill off the writer's way: what is in the log of writes is copied into the file on a connection of its own, while
//! others are written.
//!
//! The log starts again once all of it has been copied and nobody reads it, and beside a writer that never rests there
//! is always some of it left. So the writer copies that rest itself, where the log has grown to [`MAX_LOG_PAGES`]: by
//! then it is little.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use batcher::Tasks;
use domain::{Error, batch::SessionWrite};
use sqlx::sqlite::SqliteConnectOptions;

use crate::{
    connections::{ACQUIRE_TIMEOUT, Connections},
    error,
};

/// How many pages the log has when the writer copies them itself. Too few, and it does the work; too many, and reads look
/// through a long log, and a start after a crash does.
pub(crate) const MAX_LOG_PAGES: u32 = 4000;

/// How many bytes the log keeps on the disk when it starts again, after somebody has read for a long time. Whatever is
/// above is given back.
pub(crate) const MAX_LOG_BYTES: i64 = 32 * 1024 * 1024;

/// After how many bytes of writes the log is copied. Too few, and the disk is waited for more often; too many, and more is
/// left to the writer.
const INTERVAL_BYTES: u64 = 4 * 1024 * 1024;

/// What a session's write takes in the log beside its document: the pages of its event and of the index.
const BESIDE_DOCUMENT_BYTES: u64 = 8 * 1024;

/// What has been written since the log was copied last. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Backfill {
    written: Arc<AtomicU64>,
    connections: Connections,
    /// One at a time.
    tasks: Tasks,
}

impl Backfill {
    pub(crate) fn new(options: SqliteConnectOptions) -> Self {
        let (written, tasks) = (Arc::default(), Tasks::new(1, ACQUIRE_TIMEOUT));
        Self { written, connections: Connections::new(1, options), tasks }
    }

    /// Notes that a group was written, and has the log copied when enough was.
    pub(crate) fn wrote(&self, group: &[SessionWrite]) {
        let bytes = |write: &SessionWrite| {
            BESIDE_DOCUMENT_BYTES + write.document.as_ref().map_or(0, |document| document.len() as u64)
        };
        let written: u64 = group.iter().map(bytes).sum();
        let before = self.written.fetch_add(written, Ordering::Relaxed);
        if before < INTERVAL_BYTES && before + written >= INTERVAL_BYTES {
            let this = self.clone();
            tokio::spawn(async move { this.run().await });
        }
    }

    async fn run(&self) {
        let (written, connections) = (self.written.clone(), self.connections.clone());
        let copy = async move {
            let mut connection = connections.get().await?;
            written.store(0, Ordering::Relaxed);
            let copied = sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut *connection).await;
            copied.map_err(error::of_write)?;
            connection.keep();
            Ok::<(), Error>(())
        };
        if let Err(error) = self.tasks.run(copy).await {
            // The writer does it.
            self.written.store(0, Ordering::Relaxed);
            tracing::debug!(%error, "the log of writes could not be copied");
        }
    }

    /// Waits for what is under way, and closes the connection.
    pub(crate) async fn close(&self) {
        self.tasks.close().await;
        self.connections.close().await;
    }
}

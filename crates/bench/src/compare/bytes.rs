//! What an update writes, in bytes: to the write-ahead log and to the events' table of PostgreSQL.

use std::ops::Range;

use serde::Serialize;

use crate::{
    Failure,
    postgres::{Database, Server},
};

/// Bytes for each update.
///
/// Of a page that changes for the first time since a checkpoint, the log has a whole image. How many there are depends on
/// how far checkpoints are apart and on how many pages there are, and not on who writes: each run begins with a checkpoint,
/// and its images are counted by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Bytes {
    /// The log without images of pages.
    pub(crate) wal: f64,
    /// The images of pages in the log.
    pub(crate) page_images: f64,
    /// The events' table with its indexes, and what is stored beside it.
    pub(crate) events: f64,
    /// For comparison, a session's document.
    pub(crate) document: f64,
}

impl Bytes {
    /// Made of what there is for each of the parts.
    pub(crate) fn each(figure: impl Fn(fn(&Self) -> f64) -> Option<f64>) -> Option<Self> {
        Some(Self {
            wal: figure(|it| it.wal)?,
            page_images: figure(|it| it.page_images)?,
            events: figure(|it| it.events)?,
            document: figure(|it| it.document)?,
        })
    }
}

/// How far the log and the table were before a run.
pub(crate) struct Before {
    wal: i64,
    events: i64,
}

impl Before {
    pub(crate) async fn of(database: &Database) -> Result<Self, Failure> {
        Ok(Self { wal: database.wal_end().await?, events: database.events_bytes().await? })
    }

    /// What so many updates have written since.
    pub(crate) async fn until_now(
        self,
        server: &Server,
        database: &Database,
        updates: usize,
    ) -> Result<Bytes, Failure> {
        let wal = Range { start: self.wal, end: database.wal_end().await? };
        let events = database.events_bytes().await? - self.events;
        let images = server.page_images(wal.clone()).await?;
        let each = |bytes: i64| bytes as f64 / updates as f64;
        Ok(Bytes {
            wal: each(wal.end - wal.start - images),
            page_images: each(images),
            events: each(events),
            document: database.document_bytes().await?,
        })
    }
}

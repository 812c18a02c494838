//! What statements take, for tests: in steps of SQLite's machine, which do not depend on how fast they are.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use tempfile::TempDir;

/// A file with the tables, and one connection to it whose steps are counted.
pub(crate) struct Counted {
    pub(crate) readers: SqlitePool,
    steps: Arc<AtomicUsize>,
    _folder: TempDir,
}

impl Counted {
    /// One step is counted for so many instructions.
    pub(crate) async fn new(instructions: i32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
        crate::migrate(&url).await.unwrap();
        let readers = SqlitePoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        let steps = Arc::new(AtomicUsize::new(0));
        let count = steps.clone();
        let mut connection = readers.acquire().await.unwrap();
        connection.lock_handle().await.unwrap().set_progress_handler(instructions, move || {
            count.fetch_add(1, Ordering::Relaxed);
            true
        });
        drop(connection);
        Self { readers, steps, _folder: folder }
    }

    /// What some work comes to, and the steps that it takes.
    pub(crate) async fn of<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        self.steps.store(0, Ordering::Relaxed);
        let result = work.await;
        (result, self.steps.load(Ordering::Relaxed))
    }
}

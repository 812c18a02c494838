//! Epochs: which history of the file a position belongs to.
//!
//! The numbers of events come again where an older copy of the file is put in its place. So an epoch begins each time that the
//! file is opened, before anything is written. Of a position that counts more events than there were when a later epoch than
//! its own began, the last ones were others when it was given: it belongs to a history that is none any more.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::SqliteConnection;

/// Old ones go, so that a service that starts again and again does not fill the file.
const BEGIN: &str = "
    INSERT INTO channel_session_epoch (last)
    SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'channel_session_event'), 0);
    DELETE FROM channel_session_epoch WHERE number <= (SELECT max(number) FROM channel_session_epoch) - 1000";

/// Whether the epoch of this process has begun. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epoch(Arc<AtomicBool>);

impl Epoch {
    /// Begins it unless it has begun.
    pub(crate) async fn begin(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        if !self.0.load(Ordering::Acquire) {
            sqlx::raw_sql(BEGIN).execute(connection).await?;
            self.0.store(true, Ordering::Release);
        }
        Ok(())
    }
}

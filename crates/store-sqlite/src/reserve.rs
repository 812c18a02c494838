//! Room on the disk that is kept for deletions, as a file beside the database.
//!
//! Also what erases needs room, for SQLite's log of writes. On a full disk nothing could make any. So the first write that
//! finds the disk full has the reserve given up; from then on only deletions and what erases what has expired may write,
//! until there is room again: on the disk, or, of erased sessions, inside of the file.
//!
//! The file begins with a line that says which database file, and which log of writes, it is about: see [`Reserve::adopt`].

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{Error, Outcome};
use sqlx::SqliteConnection;

use crate::{
    connections::Connections,
    file::{File, FileId, beside},
};

/// How much is kept, in bytes: SQLite's log of writes is about as long before it is folded into the file.
const BYTES: u64 = 4 * 1024 * 1024;

/// How often it is looked whether there is room to get it back.
const RESTORE_INTERVAL: Duration = Duration::from_secs(1);

const SUFFIX: &str = "-reserve";

/// The message to callers who are refused, and to operators.
const FULL: &str = "the disk is full: until there is room again, only deletions are made";

/// The reserve of a database's file. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Reserve {
    database: File,
    tried: Arc<Mutex<Option<Instant>>>,
}

impl Reserve {
    /// Moves a log of writes out of the way that belongs to another file than the one it lies beside: somebody has moved a
    /// backup over the database's file, and its log was left behind. SQLite would replay it onto the backup.
    pub(crate) fn adopt(path: &Path) {
        let Ok(note) = fs::read(beside(path, SUFFIX)) else { return };
        let note = note.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let Some((database, log)) = std::str::from_utf8(note).ok().and_then(|note| note.split_once(' '))
        else {
            return;
        };
        let log_path = beside(path, "-wal");
        let is = |path: &Path, noted: &str| FileId::at(path).is_ok_and(|id| id.to_string() == noted);
        if is(path, database) || !is(&log_path, log) {
            return;
        }
        let aside = beside(path, "-wal-of-replaced-file");
        match fs::rename(&log_path, &aside) {
            Ok(()) => {
                tracing::warn!(
                    "{} was replaced while its log of writes was left behind; that is now {}, and nothing of it is used",
                    path.display(),
                    aside.display()
                );
                // It says where in the log to find what.
                let _ = fs::remove_file(beside(path, "-shm"));
            }
            Err(error) => tracing::error!(%error, "{} belongs to another file", log_path.display()),
        }
    }

    /// The reserve beside a file, made if it is not there and there is room.
    pub(crate) fn of(database: File) -> Self {
        let reserve = Self { database, tried: Arc::default() };
        if !reserve.is_held() {
            reserve.restore();
        }
        reserve
    }

    /// Whether it is there. Asks the file system, since other processes give up the same one.
    pub(crate) fn is_held(&self) -> bool {
        fs::metadata(self.database.beside(SUFFIX)).is_ok_and(|file| file.len() >= BYTES)
    }

    /// Gives it up, for the disk is full. `false` if it was given up before.
    pub(crate) fn spend(&self) -> bool {
        if !self.is_held() {
            return false;
        }
        tracing::error!("{FULL}");
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.write(0).is_ok()
    }

    /// Gives it up, if that has not been done before, and has SQLite begin its log of writes again, so that what erases
    /// finds room.
    ///
    /// # Errors
    /// If there is no connection to do so on.
    pub(crate) async fn make_room(&self, writer: &Connections) -> Result<(), Error> {
        self.spend();
        let mut connection = writer.get().await?;
        // Where readers are in the way, it may do all the same.
        if sqlx::raw_sql("PRAGMA wal_checkpoint(RESTART)").execute(&mut *connection).await.is_ok() {
            connection.keep();
        }
        Ok(())
    }

    /// Whether what does not erase may write: there is the reserve, or enough room inside of the file.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`].
    pub(crate) async fn check(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        if self.is_held() {
            return Ok(());
        }
        let free: Result<i64, _> = sqlx::query_scalar(
            "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(connection)
        .await;
        if free.is_ok_and(|free| free.unsigned_abs() >= BYTES) {
            return Ok(());
        }
        Err(Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: FULL.into() })
    }

    /// Tries to get it back, now and then, where it is given up; and keeps its note up to date.
    pub(crate) fn renew(&self) {
        if self.is_held() {
            if fs::read(self.database.beside(SUFFIX))
                .is_ok_and(|text| !text.starts_with(self.note().as_bytes()))
            {
                let _ = self.write(BYTES);
            }
            return;
        }
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.is_none_or(|tried| tried.elapsed() >= RESTORE_INTERVAL) {
            *tried = Some(Instant::now());
            drop(tried);
            self.restore();
        }
    }

    fn restore(&self) {
        // Twice as much has to be free, or the next update would have it given up again. That the disk has room is not all:
        // there are quotas, and limits of files.
        let disk = rustix::fs::statvfs(self.database.path());
        // A file system that does not know its size has none.
        if disk.is_ok_and(|disk| disk.f_blocks > 0 && disk.f_bavail.saturating_mul(disk.f_frsize) < 2 * BYTES)
        {
            return;
        }
        if self.write(2 * BYTES).and_then(|()| self.write(BYTES)).is_err() {
            let _ = self.write(0);
        }
    }

    /// Has the file hold its note, and so many bytes.
    fn write(&self, bytes: u64) -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(bytes < BYTES)
            .mode(0o600)
            .open(self.database.beside(SUFFIX))?;
        file.set_len(file.metadata()?.len().min(bytes))?;
        let note = self.note();
        file.write_all(note.as_bytes())?;
        // Real bytes, since a file's length alone takes no room.
        let zeros = vec![0; 64 * 1024];
        let mut left = bytes.saturating_sub(note.len() as u64);
        while left > 0 {
            let count = left.min(zeros.len() as u64);
            file.write_all(&zeros[..usize::try_from(count).unwrap_or(zeros.len())])?;
            left -= count;
        }
        if bytes > 0 { file.sync_data() } else { Ok(()) }
    }

    fn note(&self) -> String {
        let log = FileId::at(&self.database.beside("-wal"));
        let log = log.map_or_else(|_| "none".to_owned(), |id| id.to_string());
        format!("{} {log}\n", self.database.id())
    }
}

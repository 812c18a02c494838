//! The database's file, as the file system knows it.
//!
//! A file that is removed, or that another one is moved over, while it is open goes on taking writes that nobody will ever
//! find again. And its log of writes, which is left behind under its name, would be replayed onto the other one. The same
//! comes of a file that is cut short, and of a log that is removed.

use std::{
    ffi::OsString,
    fs,
    io::{ErrorKind, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use domain::{Error, Outcome, error::Source};

/// The file behind a path. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct File(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    id: FileId,
    /// What was found to have happened to it: that stays, whatever is there later.
    damage: OnceLock<&'static str>,
    seen: Mutex<Seen>,
}

/// What was there when it was last looked.
#[derive(Debug, Default)]
struct Seen {
    /// How many bytes the file had.
    bytes: u64,
    log: Option<FileId>,
}

/// What distinguishes files, whatever they are called: the device and the number on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    /// That of the file at a path.
    pub(crate) fn at(path: &Path) -> std::io::Result<Self> {
        fs::metadata(path).map(|file| Self(file.dev(), file.ino()))
    }
}

impl std::fmt::Display for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

impl File {
    /// The file that is at the path now.
    pub(crate) fn at(path: &Path) -> std::io::Result<Self> {
        let id = FileId::at(path)?;
        let (damage, seen) = Default::default();
        Ok(Self(Arc::new(Opened { path: path.to_owned(), id, damage, seen })))
    }

    /// Whether it is still the one at its path, with its log. Asks the file system, which takes some microseconds.
    ///
    /// # Errors
    /// What happened to it, and what to do.
    pub(crate) fn check(&self) -> Result<(), Source> {
        let File(file) = self;
        let message = |what| {
            format!(
                "the database's file {} {what} while this process had it open; restart the process to use what is there now",
                file.path.display()
            )
        };
        let damage = match (file.damage.get(), FileId::at(&file.path)) {
            (Some(damage), _) => damage,
            (None, Ok(id)) if id == file.id => match self.damage() {
                None => return Ok(()),
                Some(damage) => damage,
            },
            (None, Ok(_)) => "has been replaced by another one",
            // It may be on its way to another place, and its log after it: that is left alone.
            (None, Err(error)) if error.kind() == ErrorKind::NotFound => {
                return Err(message("has been removed").into());
            }
            // It may be there all the same; whoever reads or writes it hears more.
            (None, Err(_)) => return Ok(()),
        };
        let message = message(damage);
        if file.damage.set(damage).is_ok() {
            tracing::error!("{message}; what was written since then is in no file that has a name");
            self.set_log_aside();
        }
        Err(message.into())
    }

    /// What somebody else has done to the file or its log under their names, if anything.
    fn damage(&self) -> Option<&'static str> {
        let File(file) = self;
        let (bytes, log) = (fs::metadata(&file.path).ok()?.len(), FileId::at(&self.beside("-wal")).ok());
        let mut seen = file.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes < seen.bytes && !is_whole(&file.path, bytes) {
            return Some("has been cut short");
        }
        // SQLite removes the log itself with the last connection, and makes a new one with the next.
        if seen.log.is_some_and(|before| log != Some(before) && open_files().contains(&before)) {
            return Some("has lost its log of writes (-wal)");
        }
        *seen = Seen { bytes, log };
        None
    }

    /// The same for changes: made ones are not there to stay.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`].
    pub(crate) fn check_for_changes(&self, outcome: Outcome) -> Result<(), Error> {
        self.check().map_err(|cause| Error::StoreUnavailable { outcome, cause })
    }

    /// A file of SQLite's or the store's own beside it, such as `-wal`.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.0.path, suffix)
    }

    /// Says where others than its owner may read it, as a backup may be that was moved here. Its rights are left as they are:
    /// somebody may have wanted them so.
    pub(crate) fn warn_of_readers(&self) {
        const OTHERS: u32 = 0o077;
        let path = self.path();
        if fs::metadata(path).is_ok_and(|file| file.mode() & OTHERS != 0) {
            let file = path.display();
            tracing::warn!(
                "{file} may be read by others than its owner, and has passwords in it: chmod 600 {file}"
            );
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Its id.
    pub(crate) fn id(&self) -> FileId {
        self.0.id
    }

    /// Moves the log of writes that this process has open, so that it is not taken for the other file's. What it holds may
    /// not be in the old file yet.
    fn set_log_aside(&self) {
        let open = open_files();
        for suffix in ["-wal", "-shm"] {
            let path = self.beside(suffix);
            let is_ours = FileId::at(&path).is_ok_and(|id| open.contains(&id));
            let aside = self.beside(&format!("{suffix}-of-replaced-file"));
            if is_ours && let Err(error) = fs::rename(&path, aside) {
                tracing::error!(%error, "{} belongs to the old file and must be removed", path.display());
            }
        }
    }
}

/// A file beside a database's.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Whether a file of so many bytes has all the pages that its header counts, as one that was made smaller by VACUUM
/// has.
fn is_whole(path: &Path, bytes: u64) -> bool {
    let mut header = [0; 32];
    if fs::File::open(path).and_then(|mut file| file.read_exact(&mut header)).is_err() {
        return false;
    }
    // A page of 65,536 bytes is written as 1.
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        page => page,
    };
    let pages = u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    page * pages == bytes
}

/// The files that this process has open.
fn open_files() -> Vec<FileId> {
    let Ok(handles) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    handles.flatten().filter_map(|handle| FileId::at(&handle.path()).ok()).collect()
}

//! The command `backup`: a copy of an SQLite file, also while a service writes to it.
//!
//! The copy stands under its name when it is complete, checked and on the disk, and not before.

mod file;

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use domain::store::OpenError;
use rustix::fs::statvfs;

use crate::{import::Progress, unfinished::folder};
use file::Unfinished;

/// Where the copy goes.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The file to write, which only its owner may read. It is put in place when it is complete. One that is there already is
    /// left as it is, and the command fails.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be read, or what was copied is damaged.
    #[error("{0}")]
    Database(#[from] OpenError),
    /// There is a file of that name.
    #[error("{} is there already, and is left as it is: name another file", .0.display())]
    Exists(PathBuf),
    /// The copy has no room on the disk beside what others need.
    #[error(
        "the disk of {} has no room for the copy: it takes {needed} MiB, {KEPT_MIB} MiB stay free for what else is \
         written there, and {free} MiB are free", file.display()
    )]
    NoRoom {
        /// The copy.
        file: PathBuf,
        /// What it takes, in MiB.
        needed: u64,
        /// What is free, in MiB.
        free: u64,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// How much is left free on the disk. The service may be on the same one: its log of writes grows while it is copied, and where
/// the disk is full it takes deletions only.
const KEPT_MIB: u64 = 64;

/// How often it is looked how far the copy has come, and how much is free.
const INTERVAL: Duration = Duration::from_millis(100);

/// Copies the file that an `sqlite:` URL names and returns how many sessions are in the copy. If the future is dropped, what was
/// written of it is removed.
///
/// # Errors
/// There is no copy.
pub async fn run(args: &Args, url: &str) -> Result<u64, Error> {
    let file = &args.file;
    let failed = |source| Error::File { file: file.clone(), source };
    match fs::symlink_metadata(file) {
        Ok(_) => return Err(Error::Exists(file.clone())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Err(failed(error)),
    }
    let database = store_sqlite::Backup::of(url).await?;
    let bytes = database.bytes();
    let has_room = |kept: u64| match free(file) {
        Some(free) if free < kept => {
            Err(Error::NoRoom { file: file.clone(), needed: bytes.div_ceil(MIB), free: free / MIB })
        }
        Some(_) | None => Ok(()),
    };
    // First, since it gives back what a copy that was killed has taken.
    let unfinished = Unfinished::create(file).map_err(failed)?;
    has_room(bytes + KEPT_MIB * MIB)?;
    let progress = Progress::of_bytes(bytes);
    let mut ticks = tokio::time::interval(INTERVAL);
    let sessions = {
        let mut copying = std::pin::pin!(database.copy_into(unfinished.path()));
        loop {
            tokio::select! {
                sessions = &mut copying => break sessions?,
                _ = ticks.tick() => {
                    let written = fs::metadata(unfinished.path()).map_or(0, |copy| copy.len());
                    progress.set(0, written);
                    // Others may write there too.
                    has_room(KEPT_MIB * MIB / 4)?;
                }
            }
        }
    };
    unfinished.finish().map_err(|source| {
        if source.kind() == ErrorKind::AlreadyExists { Error::Exists(file.clone()) } else { failed(source) }
    })?;
    Ok(sessions)
}

const MIB: u64 = 1 << 20;

/// How many bytes are free where a file is; none where the file system does not know.
fn free(file: &Path) -> Option<u64> {
    let disk = statvfs(folder(file)).ok()?;
    (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
}

//! A database's file that is there when it is complete, and not before.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempDir};

use crate::unfinished::{self, Claim};

/// A file in a folder of its own beside where it is to stand, since SQLite makes others beside it. Both are removed when this is
/// dropped.
pub(super) struct Unfinished {
    file: NamedTempFile,
    folder: TempDir,
    target: PathBuf,
    // The last to be dropped: until then it is somebody's. On the folder, since SQLite has locks of its own on the file.
    _claim: Claim,
}

impl Unfinished {
    /// Begins a file that is to stand at `target`, for its owner alone.
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let (folder, claim) = unfinished::begin(target, |builder, folder| builder.tempdir_in(folder))?;
        Ok(Self {
            file: NamedTempFile::new_in(folder.path())?,
            folder,
            target: target.to_owned(),
            _claim: claim,
        })
    }

    /// Where it is until it is finished.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Puts it in place, so that it survives a crash of the machine.
    ///
    /// # Errors
    /// There is another one by now, or it cannot be written.
    pub(super) fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.target)?;
        self.folder.close()?;
        // The new name is the folder's content.
        fs::File::open(unfinished::folder(&self.target))?.sync_all()
    }
}

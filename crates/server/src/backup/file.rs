//! A database's file that is there when it is complete, and not before.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempDir};

/// A file in a folder of its own beside where it is to stand, since SQLite makes others beside it. Both are removed when this is
/// dropped.
pub(super) struct Unfinished {
    file: NamedTempFile,
    folder: TempDir,
    target: PathBuf,
}

impl Unfinished {
    /// Begins a file that is to stand at `target`, for its owner alone.
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().ok_or_else(|| io::Error::other("this is no file name"))?);
        name.push(".");
        let place = folder(target);
        // Its error names the unfinished file, which nobody has asked for.
        let made = tempfile::Builder::new().prefix(&name).suffix(".part").tempdir_in(place);
        let folder = made.map_err(|error| {
            let kind = error.kind();
            io::Error::new(kind, format!("nothing can be made in the folder {}: {kind}", place.display()))
        })?;
        Ok(Self { file: NamedTempFile::new_in(folder.path())?, folder, target: target.to_owned() })
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
        fs::File::open(folder(&self.target))?.sync_all()
    }
}

/// The folder that a file is in.
pub(super) fn folder(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

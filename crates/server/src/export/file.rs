//! A file that is there when it is complete, and not before.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::unfinished::{self, Claim};

/// A file under another name, in the same folder; removed when dropped.
pub(super) struct Unfinished {
    file: NamedTempFile,
    target: PathBuf,
    // The last to be dropped: until then it is somebody's.
    _claim: Claim,
}

impl Unfinished {
    /// Begins a file that is to stand at `path`, or where a link there leads.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let target = match fs::canonicalize(path) {
            // Otherwise a device or a pipe would be replaced by a file.
            Ok(target) if !target.is_file() => return Err(io::Error::other("this is no regular file")),
            Ok(target) => target,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                path.to_owned()
            }
            Err(error) => return Err(error),
        };
        let (file, claim) = unfinished::begin(&target, |builder, folder| builder.tempfile_in(folder))?;
        Ok(Self { file, target, _claim: claim })
    }

    /// Puts the file in place, so that it survives a crash of the machine.
    pub(super) fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target)?;
        // The new name is the folder's content.
        #[cfg(unix)]
        fs::File::open(unfinished::folder(&self.target))?.sync_all()?;
        Ok(())
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

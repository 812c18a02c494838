//! A file that is there when it is complete, and not before.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// A file under another name, in the same folder; removed when dropped.
pub(super) struct Unfinished {
    file: NamedTempFile,
    target: PathBuf,
}

impl Unfinished {
    /// Begins a file that is to stand at `path`, or where a link there leads.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let target = match fs::canonicalize(path) {
            // Otherwise a device or a pipe would be replaced by a file.
            Ok(target) if !target.is_file() => return Err(io::Error::other("this is no regular file")),
            Ok(target) => target,
            Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error),
        };
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().ok_or_else(|| io::Error::other("this is no file name"))?);
        name.push(".");
        let folder = folder(&target);
        let file = tempfile::Builder::new().prefix(&name).suffix(".part").tempfile_in(folder);
        // Its error names the unfinished file, which nobody has asked for.
        let file = file.map_err(|error| {
            let kind = error.kind();
            io::Error::new(kind, format!("no file can be made in the folder {}: {kind}", folder.display()))
        })?;
        Ok(Self { file, target })
    }

    /// Puts the file in place, so that it survives a crash of the machine.
    pub(super) fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target)?;
        // The new name is the folder's content.
        #[cfg(unix)]
        fs::File::open(folder(&self.target))?.sync_all()?;
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

fn folder(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

//! A file that is read again when it has changed.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

/// A file that is read again when it has changed: by its content, since a file system may not say so, and a name may lead to
/// another file. One that cannot be read is looked at again the next time.
#[derive(Debug)]
pub struct Watched {
    path: PathBuf,
    content: Vec<u8>,
    is_broken: bool,
}

/// What became of a file since it was last looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Changed {
    /// Nothing.
    Not,
    /// It has another content.
    To(Vec<u8>),
    /// It cannot be read since then, for this reason. Reported once.
    Unreadable(String),
}

impl Watched {
    /// How often it is to be looked at. Too seldom, and what was removed goes on to hold; too often, and it is read for
    /// nothing.
    pub const INTERVAL: Duration = Duration::from_secs(2);

    /// The largest file that is read, in bytes: all of it is in memory, and looked at again and again.
    pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

    /// Reads it for the first time.
    ///
    /// # Errors
    /// If it cannot be read, is no file, or is larger than [`Self::MAX_BYTES`].
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let content = read(&path)?;
        Ok(Self { path, content, is_broken: false })
    }

    /// What it held when it was last read.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Whether it could not be read when it was last looked at.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Looks at it again.
    pub fn look(&mut self) -> Changed {
        match read(&self.path) {
            Ok(content) if content == self.content => {
                self.is_broken = false;
                Changed::Not
            }
            Ok(content) => {
                self.is_broken = false;
                self.content.clone_from(&content);
                Changed::To(content)
            }
            Err(_) if self.is_broken => Changed::Not,
            Err(error) => {
                self.is_broken = true;
                Changed::Unreadable(format!("{}: {error}", self.path.display()))
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Opened first, a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(Watched::MAX_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > Watched::MAX_BYTES {
        return Err(io::Error::other(format!("it has more than {} MiB", Watched::MAX_BYTES >> 20)));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_when_it_has_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("credentials.json");
        assert!(Watched::open(&path).is_err());
        assert!(Watched::open(folder.path()).expect_err("a folder").to_string().contains("no file"));
        let large = fs::File::create(folder.path().join("large")).expect("a file");
        large.set_len(Watched::MAX_BYTES + 1).expect("its length");
        let error = Watched::open(folder.path().join("large")).expect_err("too large");
        assert_eq!(error.to_string(), "it has more than 16 MiB");
        std::fs::write(&path, "a").expect("a file");
        let mut watched = Watched::open(&path).expect("a file");
        assert_eq!(watched.content(), b"a");
        assert_eq!(watched.look(), Changed::Not);
        std::fs::write(&path, "b").expect("a file");
        assert_eq!([watched.look(), watched.look()], [Changed::To(b"b".to_vec()), Changed::Not]);
        std::fs::remove_file(&path).expect("a file");
        assert!(matches!(watched.look(), Changed::Unreadable(_)));
        assert_eq!(watched.look(), Changed::Not);
        std::fs::write(&path, "b").expect("a file");
        assert_eq!(watched.look(), Changed::Not);
    }
}

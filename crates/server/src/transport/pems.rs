//! The files that settings name.

use std::path::{Path, PathBuf};

use access::watched::Watched;
use tls::{Invalid, Part};

/// The files that settings name, each with the part that it plays.
#[derive(Default)]
pub(super) struct Pems(Vec<(Part, &'static str, PathBuf)>);

impl Pems {
    pub(super) fn add(&mut self, part: Part, flag: &'static str, path: &Path) {
        self.0.push((part, flag, path.to_owned()));
    }

    /// Reads them for the first time.
    pub(super) fn open(&self) -> Result<Vec<Watched>, String> {
        let open = |(_, flag, path): &(_, &str, PathBuf)| {
            Watched::open(path).map_err(|error| format!("{flag} {}: {error}", path.display()))
        };
        self.0.iter().map(open).collect()
    }

    /// The content of the file that plays a part, out of the contents of all.
    pub(super) fn of<'a>(&self, part: Part, contents: &[&'a [u8]]) -> Option<&'a [u8]> {
        let at = self.0.iter().position(|(its, ..)| *its == part)?;
        contents.get(at).copied()
    }

    /// What is wrong, with the file that it is wrong with.
    pub(super) fn describe(&self, invalid: &Invalid) -> String {
        match self.0.iter().find(|(part, ..)| *part == invalid.part) {
            Some((_, flag, path)) => format!("{flag} {}: {invalid}", path.display()),
            None => invalid.to_string(),
        }
    }
}

/// The contents of files.
pub(super) fn contents(files: &[Watched]) -> Vec<&[u8]> {
    files.iter().map(Watched::content).collect()
}

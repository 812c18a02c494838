//! What came of an import.

use std::{fmt, io, path::PathBuf};

use super::{Failure, Location};

/// How many documents were read, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Sessions that were stored.
    pub imported: u64,
    /// Documents that were left out because their sessions are stored already, as was asked for.
    pub skipped: u64,
    /// Documents that could not be stored. Each has been reported with its place and the reason.
    pub refused: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { imported, skipped, refused } = self;
        let sessions = if *imported == 1 { "session" } else { "sessions" };
        write!(f, "imported {imported} {sessions}, skipped {skipped}, refused {refused}")
    }
}

/// The input cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {}: {source}", file.display())]
pub struct CannotOpen {
    /// The input.
    pub file: PathBuf,
    /// What the operating system says.
    pub source: io::Error,
}

/// An import that stopped before the end of its input, or could not say how it ended.
#[derive(Debug)]
pub struct Error {
    /// What had been done by then.
    pub report: Report,
    /// Why it stopped.
    pub cause: Cause,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The input cannot be read on.
    #[error("line {line}: cannot read on: {source}")]
    Read {
        /// The line that was being read.
        line: u64,
        /// What the operating system says.
        source: io::Error,
    },
    /// The input is not what can be read.
    #[error("the input is {what}: {fix}")]
    Format {
        /// What it is.
        what: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// There is nothing in the input.
    #[error("the input is empty: there is no document in it, which an export may have failed to write")]
    Empty,
    /// Something is wrong behind which it is unknown where the next document begins.
    #[error("{location}: {reason}")]
    Malformed {
        /// Where it is.
        location: Location,
        /// What it is.
        reason: String,
    },
    /// The store failed.
    #[error("{location}: {failure}")]
    Store {
        /// The first document that was not stored, or of which that is not known.
        location: Location,
        /// What the store says.
        failure: Failure,
    },
    /// The report could not be written.
    #[error("cannot report what was done: {0}")]
    Report(io::Error),
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, cause } = self;
        match cause {
            Cause::Format { .. } | Cause::Empty => write!(f, "{cause}"),
            Cause::Read { .. } | Cause::Malformed { .. } | Cause::Store { .. } => write!(
                f,
                "{cause}\nThe import stopped there; before that it {report}. To go on once this is fixed, import \
                 the same file again with `--existing skip`."
            ),
            Cause::Report(_) => write!(f, "{cause}\nThe import {report}."),
        }
    }
}

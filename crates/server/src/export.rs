//! The command `export`: writes a tenant's sessions to a file or to standard output.
//!
//! Documents are written in their canonical text, so that both stores give the same file. Knows nothing of the store
//! but its port.

mod file;

use std::{
    io::{self, BufWriter, ErrorKind, Write},
    path::PathBuf,
    sync::Arc,
};

use domain::{
    list::Filter,
    session::{Document, Id, Session, TenantId},
    store::Store,
};
use json::{Path, Tree};

use crate::import::{Failure, Progress};

/// What to write, and where to.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The file to write, which only its owner may read. It is put in place when it is complete; one that is there
    /// already is replaced then. Without this, or with `-`, the documents go to standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write one JSON array in place of one document per line.
    #[arg(long)]
    pub array: bool,
}

/// Why an export is not complete.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("the export is not complete, sessions written: {exported}; {failure}")]
    Store {
        /// How many sessions had been written.
        exported: u64,
        /// What the store says.
        failure: Failure,
    },
    /// A stored document is not what may be stored.
    #[error(
        "the export is not complete, sessions written: {exported}; the stored document of {id} is broken: {reason}"
    )]
    Document {
        /// How many sessions had been written.
        exported: u64,
        /// Whose document it is.
        id: Id,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// The report could not be written.
    #[error("cannot report what was done: {0}")]
    Report(io::Error),
}

/// How many sessions are in memory at a time. At 2 MiB each, the most that a document may have, this is 200 MiB.
const PAGE: usize = 100;

/// Exports a tenant's sessions and returns how many they were. Documents go to `out`, unless `args` name a file, and
/// the count goes to `err`.
///
/// Where whoever reads `out` stops reading, that is the end, and no error: nobody is there to miss the rest. If the
/// future is dropped, a file that is not complete is removed.
///
/// # Errors
/// The export is not complete. A file that `args` name is as it was before.
pub async fn run(
    args: &Args,
    store: Arc<dyn Store>,
    tenant: &TenantId,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<u64, Error> {
    let exported = match args.output.as_deref().filter(|output| output.as_os_str() != "-") {
        Some(output) => {
            let failed = |source| Error::File { file: output.to_owned(), source };
            let mut file = file::Unfinished::create(output).map_err(failed)?;
            let progress = Progress::new(None, "exported");
            let written = write(args.array, &store, tenant, &mut file, &progress).await;
            let exported = written.map_err(|stop| stop.while_writing(failed))?;
            file.finish().map_err(failed)?;
            exported
        }
        // A terminal that shows the documents has no place for a bar.
        None => match write(args.array, &store, tenant, out, &Progress::hidden()).await {
            Err(Stop::Write(error)) if error.kind() == ErrorKind::BrokenPipe => return Ok(0),
            written => written.map_err(|stop| stop.while_writing(Error::Output))?,
        },
    };
    let sessions = if exported == 1 { "session" } else { "sessions" };
    writeln!(err, "exported {exported} {sessions}").map_err(Error::Report)?;
    Ok(exported)
}

enum Stop {
    Write(io::Error),
    Other(Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl Stop {
    fn while_writing(self, failed: impl FnOnce(io::Error) -> Error) -> Error {
        match self {
            Self::Write(error) => failed(error),
            Self::Other(error) => error,
        }
    }
}

async fn write(
    as_array: bool,
    store: &Arc<dyn Store>,
    tenant: &TenantId,
    out: &mut (dyn Write + Send),
    progress: &Progress,
) -> Result<u64, Stop> {
    let mut out = BufWriter::new(out);
    let mut exported = 0;
    let mut after = None;
    if as_array {
        out.write_all(b"[")?;
    }
    loop {
        let page = store
            .list(tenant, &Filter::default(), after.as_ref(), PAGE)
            .await
            .map_err(|error| Stop::Other(Error::Store { exported, failure: Failure(error) }))?;
        after = page.next;
        for session in page.sessions {
            let text = text(&session).map_err(|reason| {
                Stop::Other(Error::Document { exported, id: session.id.clone(), reason })
            })?;
            let separator = match (as_array, exported) {
                (false, _) => "",
                (true, 0) => "\n",
                (true, _) => ",\n",
            };
            let end = if as_array { "" } else { "\n" };
            write!(out, "{separator}{text}{end}")?;
            exported += 1;
        }
        progress.set(exported, 0);
        if after.is_none() {
            break;
        }
    }
    if as_array {
        out.write_all(if exported == 0 { b"]\n" } else { b"\n]\n" })?;
    }
    out.flush()?;
    Ok(exported)
}

/// The document's canonical text, with the session's id where it has none of its own: an import needs it.
fn text(session: &Session) -> Result<String, String> {
    let raw = json::syntax(&session.document).map_err(|error| error.to_string())?;
    let mut document = json::parse(raw.get(), Document::MAX_DEPTH, &Path::root("")).map_err(|problems| {
        problems.into_iter().map(|problem| problem.description).collect::<Vec<_>>().join("; ")
    })?;
    if let Tree::Object(members) = &mut document
        && members.get("id").is_none()
    {
        members.insert("id", Tree::String(session.id.as_str().into()));
    }
    Ok(document.to_text())
}

#[cfg(test)]
mod tests;

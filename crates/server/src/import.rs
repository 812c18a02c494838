//! The command `import`: stores sessions from a file of JSON documents.
//!
//! A thread reads and checks the documents and hands them on in batches; this side stores them. So memory is bounded
//! by a few batches, whatever the size of the input, and an input that makes one wait blocks nobody. Knows nothing
//! of the store but its port.

mod batch;
mod date;
mod document;
mod entries;
mod extended_json;
mod failure;
mod input;
mod lines;
mod mongodb_only;
mod progress;
mod report;
mod values;

use std::{fs::File, io, io::Write, path::PathBuf, sync::Arc, thread};

use domain::{session::TenantId, store::Store};
use tokio::sync::mpsc;

pub(crate) use failure::Failure;
pub(crate) use progress::Progress;
pub use {
    entries::Location,
    report::{CannotOpen, Cause, Error, Report},
};

/// What to store.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The file to read, or `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Store documents as they stand. Otherwise MongoDB's extended JSON, such as `{"$oid": …}`, `{"$date": …}`,
    /// `{"$numberLong": …}` and UUIDs, becomes plain values, what has no plain form is refused, and `_id` becomes the
    /// `id` of a document that has none.
    #[arg(long)]
    pub raw: bool,

    /// What to do with a session that is stored already. It is left as it is either way.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Existing::Refuse)]
    pub existing: Existing,
}

/// What becomes of a document whose session is stored already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Existing {
    /// Report it as a bad line.
    Refuse,
    /// Count it as skipped, so that an import can be repeated. Of documents with one id, the first counts.
    Skip,
}

/// What is imported, opened.
pub struct Source {
    reader: Box<dyn io::Read + Send>,
    /// In bytes, where that is known.
    size: Option<u64>,
}

/// Opens what `args` name: before a database is made for it.
///
/// # Errors
/// It cannot be opened.
pub fn open(args: &Args) -> Result<Source, CannotOpen> {
    let failed = |source| CannotOpen { file: args.file.clone(), source };
    if args.file.as_os_str() == "-" {
        return Ok(Source { reader: Box::new(io::stdin()), size: None });
    }
    let file = File::open(&args.file).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::Error::other("this is a folder; name a file of documents")));
    }
    Ok(Source { reader: Box::new(file), size: metadata.is_file().then_some(metadata.len()) })
}

/// Imports a source into a tenant's sessions, as `args` say. The result goes to `out`, bad lines go to `err`.
///
/// Whether all went well is in the report: an import that refused documents has succeeded for the others only. The
/// future may be dropped at any time: what the store has begun with is stored to its end, unless the runtime ends
/// first, and [`Store::close`] waits for it.
///
/// # Errors
/// The import has stopped before the end of the input. What had been stored by then stays, and is in the error.
pub async fn run(
    args: &Args,
    source: Source,
    store: Arc<dyn Store>,
    tenant: &TenantId,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<Report, Error> {
    let mut report = Report::default();
    let target = batch::Target { store, tenant, existing: args.existing };
    let progress = Progress::new(source.size, "imported");
    let end = import(source.reader, args.raw, &target, &progress, err, &mut report).await;
    end.and_then(|()| writeln!(out, "{report}").and_then(|()| out.flush()).map_err(Cause::Report))
        .map(|()| report)
        .map_err(|cause| Error { report, cause })
}

async fn import(
    file: Box<dyn io::Read + Send>,
    raw: bool,
    target: &batch::Target<'_>,
    progress: &Progress,
    err: &mut (dyn Write + Send),
    report: &mut Report,
) -> Result<(), Cause> {
    // One batch waits while another is stored; more would only take memory.
    let (sender, mut batches) = mpsc::channel(1);
    // A thread of its own, since the runtime would wait at its end for a blocking task that reads standard input.
    let reader = thread::spawn(move || batch::read(file, raw, &sender));
    while let Some(batch) = batches.recv().await {
        let read = batch.read;
        let stored = target.store(batch, report).await;
        progress.set(report.imported, read);
        if !stored.bad_lines.is_empty() {
            progress.suspend(|| err.write_all(stored.bad_lines.as_bytes())).map_err(Cause::Report)?;
        }
        stored.end?;
    }
    // The channel also closes if the thread panics, which must not pass for the end of the input.
    reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
pub(crate) mod tests;

//! Documents on their way to the store, some at a time: a commit for each would take most of the time.

use std::{io, sync::Arc, time::SystemTime};

use domain::{
    Error,
    caller::{Caller, Requester},
    command::{self, Create, Operation},
    session::TenantId,
    store::Store,
};
use tokio::sync::mpsc;

use super::{Cause, Existing, Failure, Location, Report, document, entries::Entries, input::Input};

/// How many documents are stored at a time: enough to share a commit, few enough to hold nobody else up.
pub(super) const MAX_ENTRIES: usize = 100;

/// How many bytes of them are stored at a time, give or take one document.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Documents in the order of the input, each read or refused.
#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<(Location, document::Read)>,
    bytes: usize,
    /// How many bytes of the input had been read behind the last of them.
    pub(super) read: u64,
}

/// Reads an input to its end, unless the receiver hangs up before.
///
/// # Errors
/// The end could not be reached. What was read before has been sent.
pub(super) fn read(
    reader: Box<dyn io::Read + Send>,
    raw: bool,
    batches: &mpsc::Sender<Batch>,
) -> Result<(), Cause> {
    let mut entries = Entries::open(Input::new(reader))?;
    loop {
        let mut batch = Batch::default();
        let next = loop {
            match entries.next() {
                Ok(Some(entry)) => {
                    let text = entry.text;
                    batch.bytes += text.as_ref().map_or(0, String::len);
                    batch.entries.push((entry.location, text.and_then(|text| document::read(&text, raw))));
                    batch.read = entries.taken();
                    if batch.entries.len() == MAX_ENTRIES || batch.bytes >= MAX_BYTES {
                        break Ok(true);
                    }
                }
                Ok(None) => break Ok(false),
                Err(cause) => break Err(cause),
            }
        };
        // Nobody receives: nobody is there for the rest.
        let is_sent = batch.entries.is_empty() || batches.blocking_send(batch).is_ok();
        if !next? || !is_sent {
            return Ok(());
        }
    }
}

/// Where documents go to.
pub(super) struct Target<'a> {
    pub(super) store: Arc<dyn Store>,
    pub(super) tenant: &'a TenantId,
    pub(super) existing: Existing,
}

/// What became of a batch, beside what was counted.
pub(super) struct Stored {
    /// A line for each document that was refused, in order.
    pub(super) bad_lines: String,
    /// Whether the import may go on.
    pub(super) end: Result<(), Cause>,
}

impl Target<'_> {
    /// Stores a batch, and counts what became of it.
    pub(super) async fn store(&self, batch: Batch, report: &mut Report) -> Stored {
        let mut sessions = Vec::new();
        let mut outcomes = Vec::new();
        for (location, entry) in batch.entries {
            let refused = match entry {
                Ok((id, document)) => {
                    let operation =
                        Operation::Create(Create { document, existing: command::Existing::Refuse });
                    let caller = Caller::new(self.tenant.clone(), Requester::anonymous());
                    sessions.push(caller.command(id, operation, SystemTime::now().into()));
                    None
                }
                Err(reason) => Some(reason),
            };
            outcomes.push((location, refused));
        }
        let mut results = self.store.execute(sessions).await.into_iter();
        let mut stored = Stored { bad_lines: String::new(), end: Ok(()) };
        for (location, refused) in outcomes {
            let refused = match refused {
                Some(reason) => Some(reason),
                None => match results.next().unwrap_or_else(|| Err(Error::Internal(TOO_FEW.into()))) {
                    Ok(_) => {
                        report.imported += 1;
                        None
                    }
                    Err(Error::Exists(_)) if self.existing == Existing::Skip => {
                        report.skipped += 1;
                        None
                    }
                    Err(error) if is_about_the_session(&error) => Some(error.to_string()),
                    Err(error) => {
                        // The first is reported; those behind it in the batch most likely have the same cause.
                        let failure = Failure(error);
                        stored.end = stored.end.and(Err(Cause::Store { location, failure }));
                        None
                    }
                },
            };
            if let Some(reason) = refused {
                report.refused += 1;
                stored.bad_lines.push_str(&format!("{location}: {reason}\n"));
            }
        }
        stored
    }
}

const TOO_FEW: &str = "it gave fewer results than there were sessions";

/// Whether the next session can be stored all the same. What is not known for that stops the import.
fn is_about_the_session(error: &Error) -> bool {
    matches!(
        error,
        Error::Exists(_)
            | Error::IdRequired
            | Error::InvalidId(_)
            | Error::InvalidDocument(_)
            | Error::DocumentTooLarge { .. }
    )
}

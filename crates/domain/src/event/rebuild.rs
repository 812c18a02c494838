//! The document of a revision, rebuilt from the session's and what changed after it.
//!
//! An event holds what changed, not the whole document. Going back from the session as it stands, each later event's
//! changes are undone. Where changes alone do not lead back or are large, and every so many revisions so that the way is never
//! long, an event has the document from [before](super::EventWrite::before) it.

use std::collections::BTreeSet;

use super::{AttributeDiff, mask::is_secret};
use crate::{
    error::Error,
    session::{Document, Revision},
};
use json::{Object, Value};

/// What a session's event says of how the document was before it.
#[derive(Debug)]
pub struct Later {
    /// The session's revision after the event.
    pub revision: Revision,
    /// The attributes that it changed.
    pub changes: Vec<AttributeDiff>,
    /// The document before it, where the event has it.
    pub before: Option<String>,
}

/// The events from which a revision's document is rebuilt are at most so many revisions after it: of each revision that
/// this divides, the event has the document from before it. Too few, and documents take room; too many, and rebuilding
/// takes time.
pub const MAX_LATER: i64 = 32;

/// The last revision whose event may be needed to rebuild the document of this one.
#[must_use]
pub fn last_needed(revision: Revision) -> Revision {
    Revision::new((revision.get() / MAX_LATER + 1) * MAX_LATER)
}

/// Rebuilds the document of a revision from the session as it stands, with its revision, and the events after that revision,
/// up to the [last one that is needed](last_needed), in their order. The session may be left out where it is later than
/// that. None where an event that it takes has expired.
///
/// # Errors
/// [`Error::Internal`] for what the service has not stored.
pub fn rebuild(
    revision: Revision,
    session: (Revision, Option<String>),
    later: impl IntoIterator<Item = Later>,
) -> Result<Option<Document>, Error> {
    let broken = || Error::Internal("stored changes do not fit the document that they came to".into());
    let (last, mut text) = session;
    let mut reached = revision;
    let mut steps = Vec::new();
    for event in later {
        if event.revision != reached.next() {
            return Ok(None);
        }
        if let Some(before) = event.before {
            (reached, text) = (last, Some(before));
            break;
        }
        reached = event.revision;
        steps.push(event.changes);
    }
    let Some(text) = text.filter(|_| reached == last) else { return Ok(None) };
    let document = Document::stored(text)?;
    if steps.is_empty() {
        return Ok(Some(document));
    }
    let mut list = document.attributes().map_err(|_| broken())?.to_vec();
    for changes in steps.iter().rev() {
        undo(&mut list, changes).ok_or_else(broken)?;
    }
    document.replace_list(list).map(Some).map_err(|_| broken())
}

/// Takes an update back. What it appended stands at the end; what it removed comes back where it stood.
fn undo(list: &mut Vec<Value>, changes: &[AttributeDiff]) -> Option<()> {
    let appended = changes.iter().filter(|change| change.old.is_none()).count();
    list.truncate(list.len().checked_sub(appended)?);
    for change in changes {
        let (Some(old), Some(_)) = (&change.old, &change.new) else { continue };
        let Value::Object(entry) = list.get_mut(change.index)? else { return None };
        old.write_into(entry);
    }
    for change in changes {
        let (Some(old), None) = (&change.old, &change.new) else { continue };
        let mut entry = Object::default();
        entry.insert("key", Value::String(change.key.clone().into()));
        old.write_into(&mut entry);
        if change.index > list.len() {
            return None;
        }
        list.insert(change.index, Value::Object(entry));
    }
    Some(())
}

/// An event whose changes take more than so many bytes has the document from before it, whether or not they lead back: so what a
/// document is rebuilt from is never much more than a document. Too few, and documents take room; too many, and rebuilding
/// takes memory.
const MAX_CHANGES_BYTES: usize = 64 * 1024;

/// Whether changes take too much to be read for each document before them.
pub(crate) fn are_large(changes: &[AttributeDiff]) -> bool {
    let entries = changes.iter().flat_map(|change| [&change.old, &change.new]).flatten();
    let values = entries.filter_map(|entry| entry.value.as_ref());
    values.map(Value::heap_bytes).sum::<usize>() > MAX_CHANGES_BYTES
}

/// Whether undoing an update's changes gives exactly what was there, but for passwords. It does not where something was
/// removed that had members beside its type and value, nor where a value is masked that was no password then. The values of
/// these keys are masked.
pub(crate) fn can_undo(before: &Document, changes: &[AttributeDiff], masked: &BTreeSet<String>) -> bool {
    let Ok(list) = before.attributes() else { return false };
    let is_recorded = |change: &AttributeDiff| {
        let entry = list.get(change.index).and_then(Value::as_object);
        let mut members = entry.into_iter().flat_map(Object::iter);
        change.new.is_some() || members.all(|(name, _)| matches!(name, "key" | "type" | "value"))
    };
    let is_known =
        |change: &AttributeDiff| !masked.contains(&change.key) || change.old.as_ref().is_none_or(is_secret);
    before.has_list() && changes.iter().all(|change| is_recorded(change) && is_known(change))
}

#[cfg(test)]
mod tests;

//! What a caller learns of a session that is not as it requires.

use channel_session_api::v1::{Attribute, MismatchDetails};
use domain::{Error, error::Present, session::Revision};

use crate::attribute;

/// The details of an error that is about such a session, whole.
pub(super) fn of(error: &Error) -> Option<MismatchDetails> {
    let at = |revision: Revision| MismatchDetails {
        revision: revision.get(),
        etag: revision.etag(),
        ..MismatchDetails::default()
    };
    if let Error::AttributeMismatch(present) = error {
        let Present { key, revision, entry } = &**present;
        let present = entry.as_ref().map(|entry| attribute::entry(key, entry));
        Some(MismatchDetails { key: key.clone(), present, ..at(*revision) })
    } else if let Error::RevisionMismatch { revision } = error {
        Some(at(*revision))
    } else {
        None
    }
}

/// The details in ever fewer words: whole, without the attribute's value, and without its key and its type, which others
/// may have stored at any length.
pub(super) const SHORTER: [fn(&mut MismatchDetails); 3] = [|_| {}, omit_value, omit_present];

fn omit_value(details: &mut MismatchDetails) {
    if let Some(present) = &mut details.present {
        (present.value, present.value_json) = (None, None);
        details.value_omitted = true;
    }
}

/// Leaves of the attribute nothing but that there is one.
pub fn omit_present(details: &mut MismatchDetails) {
    if let Some(present) = &mut details.present {
        *present = Attribute::default();
        details.value_omitted = true;
    }
}

#[cfg(test)]
mod tests;

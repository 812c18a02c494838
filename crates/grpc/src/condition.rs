//! Texts that sessions are looked for by.

use domain::{Error, session::IndexedFields, violation::Violation};

/// Takes a text from a request; an empty one was not given.
///
/// # Errors
/// [`Error::InvalidParameter`] for what no session can be found by: a store has no room for it, or cannot even be asked.
pub(crate) fn parse(field: &'static str, text: String) -> Result<Option<String>, Error> {
    let problem = if text.contains('\0') {
        Some(("no_nul", "must not hold the character U+0000"))
    } else if text.chars().nth(IndexedFields::MAX_CHARS).is_some() {
        Some(("length", "must have at most 255 characters"))
    } else {
        None
    };
    match problem {
        Some((rule, description)) => Err(Error::InvalidParameter(Violation::new(field, rule, description))),
        None => Ok((!text.is_empty()).then_some(text)),
    }
}

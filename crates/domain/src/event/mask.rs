//! Passwords are for those who ask for the session, not for those who watch it: events hold none.

use std::collections::BTreeSet;

use super::{AttributeDiff, Entry};
use crate::{session::Document, value_type::ValueType};
use json::{Object, Value};

/// What stands in the place of a password.
pub const MASK: &str = "********";

/// Masks the values of keys of which any entry that changed was or is a `Password`, and returns those keys: of them the
/// document that goes with the changes must not hold either.
pub(crate) fn mask_changes(changes: &mut [AttributeDiff]) -> BTreeSet<String> {
    let keys = secret_keys(changes);
    for change in changes.iter_mut().filter(|change| keys.contains(&change.key)) {
        for entry in [&mut change.old, &mut change.new].into_iter().flatten() {
            if let Some(value) = &mut entry.value {
                *value = Value::String(MASK.into());
            }
        }
    }
    keys
}

/// The keys of changes of which any entry is a `Password`: what they hold of these is masked already.
pub(crate) fn secret_keys(changes: &[AttributeDiff]) -> BTreeSet<String> {
    let has_secret = |entry: &Option<Entry>| entry.as_ref().is_some_and(is_secret);
    let secrets = changes.iter().filter(|change| has_secret(&change.old) || has_secret(&change.new));
    secrets.map(|change| change.key.clone()).collect()
}

/// The text of a document with passwords masked, and the values of these keys; `None` where there is nothing to mask.
pub(crate) fn mask_document(document: &Document, keys: &BTreeSet<String>) -> Option<String> {
    let is_secret = |entry: &Object| {
        let key = entry.get("key").and_then(Value::as_str);
        is_password(entry.get("type")) || key.is_some_and(|key| keys.contains(key))
    };
    let entries = document.attributes().ok()?;
    if !entries.iter().filter_map(Value::as_object).any(is_secret) {
        return None;
    }
    let mut masked = entries.to_vec();
    for entry in &mut masked {
        if let Value::Object(entry) = entry
            && is_secret(entry)
            && entry.get("value").is_some()
        {
            entry.insert("value", Value::String(MASK.into()));
        }
    }
    document.text_with(&masked)
}

/// Whether an entry is a `Password`.
pub(crate) fn is_secret(entry: &Entry) -> bool {
    is_password(entry.value_type.as_ref())
}

fn is_password(value_type: Option<&Value>) -> bool {
    value_type.and_then(Value::as_str) == Some(ValueType::Password.name())
}

//! Passwords are for those who ask for the session, not for those who hear of it: events tell none.

use std::collections::BTreeSet;

use super::{AttributeChange, Entry};
use crate::{
    json::{Object, Value},
    update::list_of,
    value_type::ValueType,
};

/// What stands in the place of a password.
pub const MASK: &str = "********";

/// Masks the values of keys of which any entry that changed was or is a `Password`, and returns those keys: of them the
/// document that goes with the changes must not tell either.
pub(crate) fn mask_changes(changes: &mut [AttributeChange]) -> BTreeSet<String> {
    let is_secret =
        |entry: &Option<Entry>| entry.as_ref().is_some_and(|entry| is_password(entry.value_type.as_ref()));
    let secrets = changes.iter().filter(|change| is_secret(&change.old) || is_secret(&change.new));
    let keys: BTreeSet<String> = secrets.map(|change| change.key.clone()).collect();
    for change in changes.iter_mut().filter(|change| keys.contains(&change.key)) {
        for entry in [&mut change.old, &mut change.new].into_iter().flatten() {
            if let Some(value) = &mut entry.value {
                *value = Value::String(MASK.to_owned());
            }
        }
    }
    keys
}

/// The text of a document with passwords masked, and the values of these keys; `None` where there is nothing to mask.
pub(crate) fn mask_document(document: &Value, keys: &BTreeSet<String>) -> Option<String> {
    let is_secret = |entry: &Object| {
        let key = entry.get("key").and_then(Value::as_str);
        is_password(entry.get("type")) || key.is_some_and(|key| keys.contains(key))
    };
    if !list_of(document).iter().filter_map(Value::as_object).any(is_secret) {
        return None;
    }
    let mut masked = document.clone();
    for entry in list_mut(&mut masked)? {
        if let Value::Object(entry) = entry
            && is_secret(entry)
            && entry.get("value").is_some()
        {
            entry.insert("value", Value::String(MASK.to_owned()));
        }
    }
    Some(masked.to_text())
}

fn is_password(value_type: Option<&Value>) -> bool {
    value_type.and_then(Value::as_str) == Some(ValueType::Password.name())
}

fn list_mut(document: &mut Value) -> Option<&mut Vec<Value>> {
    let Value::Object(document) = document else { return None };
    let Value::Object(channel_data) = document.get_mut("channelData")? else { return None };
    if let Value::Array(list) = channel_data.get_mut("additionalAttributes")? { Some(list) } else { None }
}

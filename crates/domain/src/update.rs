//! The update rule: what attaching attributes makes of a document.
//!
//! SQLite's store applies it as it stands here. PostgreSQL's does the same in the database, and is held to this by
//! the conformance suite.

use crate::{
    attribute::{Attribute, Attributes},
    error::{Error, Malformed},
    json::{Object, Value},
    session::{Document, Id},
};

/// What an update makes of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing: the list of attributes is what it was.
    Unchanged,
    /// Another document.
    Changed(Document),
}

/// Applies attributes to the document of the session `id`, which may hold up to `max_attributes` of them.
///
/// # Errors
/// [`Error::NotActive`], [`Error::ChannelDataMalformed`], [`Error::TooManyAttributes`],
/// [`Error::DocumentTooLarge`], checked in this order.
pub fn apply(
    id: &Id,
    document: Value,
    attributes: &Attributes,
    max_attributes: usize,
) -> Result<Change, Error> {
    if !is_active(&document) {
        return Err(Error::NotActive(id.clone()));
    }
    if attributes.is_empty() {
        return Ok(Change::Unchanged);
    }
    let mut document = document;
    let list = additional_attributes(&mut document).map_err(Error::ChannelDataMalformed)?;
    let before = list.clone();
    for attribute in attributes.iter() {
        merge(list, attribute);
    }
    if *list == before {
        return Ok(Change::Unchanged);
    }
    let found = list.len();
    if found > before.len() && found > max_attributes {
        return Err(Error::TooManyAttributes { found, limit: max_attributes });
    }
    Document::try_from(document).map(Change::Changed)
}

/// Whether a session is active: unless its `isActive`, or `active` where that is absent, is false.
#[must_use]
pub fn is_active(document: &Value) -> bool {
    let member = |name| document.as_object().and_then(|document| document.get(name));
    member("isActive").or_else(|| member("active")) != Some(&Value::Bool(false))
}

fn merge(list: &mut Vec<Value>, attribute: &Attribute) {
    let mut found = false;
    for entry in list.iter_mut() {
        if let Value::Object(entry) = entry
            && entry.get("key").and_then(Value::as_str) == Some(&attribute.key)
        {
            attribute.write_into(entry);
            found = true;
        }
    }
    if !found {
        list.push(attribute.entry());
    }
}

/// The list that the service owns. Where it, or what holds it, is absent or null, it is made.
fn additional_attributes(document: &mut Value) -> Result<&mut Vec<Value>, Malformed> {
    let Value::Object(document) = document else { return Err(Malformed::ChannelData) };
    let channel_data = present(document, "channelData", || Value::Object(Object::default()));
    let Value::Object(channel_data) = channel_data else { return Err(Malformed::ChannelData) };
    match present(channel_data, "additionalAttributes", || Value::Array(Vec::new())) {
        Value::Array(list) => Ok(list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(Malformed::AdditionalAttributes)
        }
    }
}

fn present<'a>(object: &'a mut Object, name: &str, empty: fn() -> Value) -> &'a mut Value {
    if matches!(object.get(name), None | Some(Value::Null)) {
        object.insert(name, empty());
    }
    object.get_mut(name).expect("it has just been made sure that the member is there")
}

#[cfg(test)]
mod tests;

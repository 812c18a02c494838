//! A stored entry of a session's attributes as a message.

use channel_session_api::v1::Attribute;
use domain::event::Entry;
use json::{Tree, Value};

use crate::value;

/// An entry with its key. A type that is no text is left out.
pub fn entry(key: &str, entry: &Entry) -> Attribute {
    let value_type = entry.value_type.as_ref().and_then(Value::as_str).unwrap_or_default();
    let mut attribute =
        Attribute { key: key.to_owned(), r#type: value_type.to_owned(), ..Attribute::default() };
    if let Some(value) = &entry.value {
        set_value(&mut attribute, value);
    }
    attribute
}

/// Sets an attribute's value, as a message, as JSON text, or both, so that nothing of it is lost.
pub fn set_value(attribute: &mut Attribute, stored: &Tree<'_>) {
    let (value, exact) = value::protobuf(stored).unzip();
    attribute.value = value;
    attribute.value_json = (exact != Some(true)).then(|| stored.to_text());
}

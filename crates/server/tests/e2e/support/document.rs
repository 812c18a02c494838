//! Looking into documents and attributes, numbers by their text.

use channel_session_api::v1::Attribute;
use json::{Number, Value};
use prost_types::value::Kind;

use super::json;

/// The texts of the values of all attributes with a key.
pub(crate) fn values_of(document: &Value, key: &str) -> Vec<String> {
    let list =
        document.as_object().and_then(|it| it.get("channelData")?.as_object()?.get("additionalAttributes"));
    let Some(Value::Array(entries)) = list else { return Vec::new() };
    let entries = entries.iter().filter_map(Value::as_object);
    let found = entries.filter(|entry| entry.get("key").and_then(Value::as_str) == Some(key));
    found.map(|entry| entry.get("value").unwrap().to_text()).collect()
}

/// The value of the one attribute with a key, as text.
pub(crate) fn value_of(document: &Value, key: &str) -> String {
    let mut values = values_of(document, key);
    assert_eq!(values.len(), 1, "{key} is not there once: {document}");
    values.remove(0)
}

/// The text of an attribute's value, exact; none where it was sent without one.
pub(crate) fn value_text(attribute: &Attribute) -> Option<String> {
    let text = attribute.value_json.as_deref().map(|text| json(text).to_text());
    text.or_else(|| attribute.value.as_ref().map(|value| from_message(value).to_text()))
}

fn from_message(value: &prost_types::Value) -> Value {
    match value.kind.as_ref().unwrap() {
        Kind::NullValue(_) => Value::Null,
        Kind::BoolValue(bool) => Value::Bool(*bool),
        Kind::NumberValue(double) => Value::Number(Number::from_double(*double).unwrap()),
        Kind::StringValue(text) => Value::String(text.clone().into()),
        Kind::ListValue(list) => Value::Array(list.values.iter().map(from_message).collect()),
        Kind::StructValue(object) => {
            let members = object.fields.iter().map(|(name, value)| (name.clone(), from_message(value)));
            Value::Object(members.collect())
        }
    }
}

//! An attribute's value as JSON, exact: the service sends its text wherever a double would not do.

use channel_session_api::v1::Attribute;
use json::{Number, Value};
use prost_types::value::Kind;
use serde_json::value::RawValue;

/// The value's text; none where the attribute was sent without one.
pub(crate) fn value(attribute: &Attribute) -> Option<Box<RawValue>> {
    let text = match (&attribute.value_json, &attribute.value) {
        (Some(text), _) => text.clone(),
        (None, Some(value)) => json(value).to_text(),
        (None, None) => return None,
    };
    RawValue::from_string(text).ok()
}

fn json(value: &prost_types::Value) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(bool)) => Value::Bool(*bool),
        Some(Kind::NumberValue(double)) => Number::from_double(*double).map_or(Value::Null, Value::Number),
        Some(Kind::StringValue(text)) => Value::String(text.clone().into()),
        Some(Kind::ListValue(list)) => Value::Array(list.values.iter().map(json).collect()),
        Some(Kind::StructValue(object)) => {
            let members = object.fields.iter().map(|(name, value)| (name.clone(), json(value)));
            Value::Object(members.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_types::{ListValue, Struct};

    use super::*;

    fn kind(kind: Kind) -> prost_types::Value {
        prost_types::Value { kind: Some(kind) }
    }

    #[test]
    fn the_text_counts_before_the_double() {
        let rounded = Some(kind(Kind::NumberValue(12_345_678_901_234_567_000.0)));
        let text = Some("12345678901234567890".to_owned());
        let attribute = Attribute { value: rounded, value_json: text, ..Attribute::default() };
        assert_eq!(value(&attribute).expect("a value").get(), "12345678901234567890");
        assert!(value(&Attribute::default()).is_none());
    }

    #[test]
    fn every_kind_of_value_has_its_json() {
        let list = vec![
            kind(Kind::NullValue(0)),
            kind(Kind::BoolValue(true)),
            kind(Kind::NumberValue(-12.5)),
            kind(Kind::NumberValue(3.0)),
            kind(Kind::StringValue("\"ä\n".to_owned())),
        ];
        let list = kind(Kind::ListValue(ListValue { values: list }));
        let object = Struct { fields: [("k".to_owned(), list)].into() };
        let attribute = Attribute { value: Some(kind(Kind::StructValue(object))), ..Attribute::default() };
        let expected = r#"{"k":[null,true,-12.5,3,"\"ä\n"]}"#;
        assert_eq!(value(&attribute).expect("a value").get(), expected);
    }
}

//! What texts and numbers have to be, as schemas: the limits are the constants that hold requests to them, and a test holds
//! the patterns to the code that does.

use domain::{
    attribute::{Attribute, Attributes},
    command::End,
    request_id::RequestId,
    session::Id,
    value_type::ValueType,
};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

macro_rules! control {
    () => {
        r"\u0000-\u001f\u007f-\u009f"
    };
}

/// One that is not blank, and without control characters.
pub(crate) const KEY: &str = concat!(
    "^[^",
    control!(),
    "]*[^",
    control!(),
    // What Unicode has for white space beside control characters.
    r"\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    "][^",
    control!(),
    "]*$"
);

const NO_CONTROL: &str = concat!("^[^", control!(), "]*$");

/// An entity tag, in the body of a request.
macro_rules! tag {
    () => {
        concat!(r#"(W/)?"[^"\u0020"#, control!(), r#"]*""#)
    };
}

/// Entity tags. Lists with empty elements (RFC 9110, section 5.6.1) are accepted, too, and nobody needs to know.
const TAGS: &str = concat!("^", tag!(), r"([ \t]*,[ \t]*", tag!(), r")*$");
const REQUEST_ID_OR_NOTHING: &str = "^[!-~]*$";

/// In quotes, or bare.
const IDEMPOTENCY_KEY: &str = r#"^([!#-~][!-~]{0,127}|"([!#-\[\]-~]|\\["\\]){1,128}")$"#;

/// The id of a session.
pub(crate) fn id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "minLength": 1, "maxLength": Id::MAX_CHARS, "pattern": NO_CONTROL,
        "not": { "enum": [".", ".."] },
    })
}

/// The same, where an empty one counts as none.
pub(crate) fn id_or_nothing(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = id(generator);
    schema.remove("minLength");
    schema
}

/// The key of an attribute.
pub(crate) fn key(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": Attribute::MAX_KEY_CHARS, "pattern": KEY })
}

/// Keys of attributes.
pub(crate) fn keys(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": key(generator), "maxItems": Attributes::MAX })
}

pub(crate) fn watched_keys(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": key(generator), "maxItems": wire::MAX_WATCHED_KEYS })
}

/// The name of a value type.
pub(crate) fn value_type(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ValueType::ALL.map(ValueType::name) })
}

/// Of an end: its reason, or the name of its state.
pub(crate) fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": End::MAX_CHARS, "pattern": KEY })
}

pub(crate) fn name_or_nothing(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": End::MAX_CHARS, "pattern": format!("^$|{KEY}") })
}

/// What revision is required, in a body.
pub(crate) fn etag_or_nothing(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string", "enum": ["", "*"] }, { "type": "string", "pattern": TAGS }] })
}

pub(crate) fn request_id_or_nothing(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": RequestId::MAX_CHARS, "pattern": REQUEST_ID_OR_NOTHING })
}

/// What revision is required, as a header.
pub(super) fn if_match() -> Value {
    json!({
        "anyOf": [{ "type": "string", "enum": ["*"] }, { "type": "string", "pattern": TAGS }],
        "examples": ["\"1\""],
    })
}

/// The name of a request, as a header.
pub(super) fn idempotency_key() -> Value {
    json!({ "type": "string", "minLength": 1, "pattern": IDEMPOTENCY_KEY, "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"] })
}

/// There is one list: as JSON, or as a text of it.
pub(crate) fn one_list(schema: &mut Schema) {
    let given = json!({ "not": { "type": "null" } });
    let both = json!({
        "required": ["attributes", "attributesJson"],
        "properties": { "attributes": given, "attributesJson": given },
    });
    schema.insert("not".to_owned(), both);
}

/// A key, a type, and one of value and its text.
pub(crate) fn one_value(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["key", "type"]));
    schema.insert("oneOf".to_owned(), one_of(&["value", "valueJson"]));
}

/// A key, and one of what can be expected of it.
pub(crate) fn one_expectation(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["key"]));
    schema.insert("oneOf".to_owned(), one_of(&["value", "valueJson", "absent"]));
    // That it is there is said by its value.
    if let Some(absent) = schema.pointer_mut("/properties/absent").and_then(Value::as_object_mut) {
        absent.insert("enum".to_owned(), json!([true, null]));
    }
}

/// One of these members is there, the others are not, or are null where that counts as nothing: it is a value of `value`.
fn one_of(members: &[&str]) -> Value {
    let there = |member: &&str| {
        let others = members.iter().filter(|other| other != &member).map(|other| {
            let nothing = if *other == "value" { json!(false) } else { json!({ "type": "null" }) };
            ((*other).to_owned(), nothing)
        });
        let mut properties: serde_json::Map<_, _> = others.collect();
        if *member != "value" {
            properties.insert((*member).to_owned(), json!({ "not": { "type": "null" } }));
        }
        json!({ "required": [member], "properties": properties })
    };
    members.iter().map(there).collect()
}

#[cfg(test)]
mod tests;

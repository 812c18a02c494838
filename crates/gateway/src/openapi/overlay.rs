//! What the contract adds to schemas that come of types: its comments, and that null is the same as leaving out.

use serde_json::{Map, Value, json};

use super::contract::contract;

/// Which message of the contract describes the members of a schema that is not called as it is.
const MESSAGES: [(&str, &str); 7] = [
    ("AttributeChange", "AttributeChange"),
    ("AttributeInFull", "Attribute"),
    ("Change", "ChannelSessionEvent"),
    ("ListedChannelSession", "ChannelSession"),
    ("PastEvent", "ChannelSessionEvent"),
    ("PresentAttribute", "Attribute"),
    ("Problem", "MismatchDetails"),
];

/// Gives members descriptions that have none of their own.
pub(super) fn describe(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas {
        let own = MESSAGES.iter().find(|(own, _)| own == name);
        let message = own.map_or(&**name, |(_, message)| message);
        if let Some(comment) = contract().comment(message).filter(|_| own.is_none()) {
            put_description(schema, comment);
        }
        let members = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
        for (member, schema) in members {
            if let Some(comment) = contract().comment(&format!("{message}.{member}")) {
                put_description(schema, comment);
            }
        }
    }
}

fn put_description(schema: &mut Value, text: String) {
    if *schema == true {
        *schema = json!({});
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.entry("description").or_insert_with(|| text.into());
    }
}

/// In a request's body, null is the same as leaving a member out, unless it has to be there or may be anything.
pub(super) fn allow_null(schemas: &mut Map<String, Value>) {
    for schema in schemas.values_mut() {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let is_closed = schema["additionalProperties"] == false;
        let members = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
        for (name, schema) in members {
            if is_closed && !required.contains(&Value::from(&**name)) {
                or_null(schema);
            }
        }
    }
}

fn or_null(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if let Some(reference) = members.remove("$ref") {
        members.insert("anyOf".to_owned(), json!([{ "$ref": reference }]));
    }
    if let Some(Value::Array(any)) = members.get_mut("anyOf") {
        any.push(json!({ "type": "null" }));
    }
    if let Some(Value::String(one)) = members.get("type") {
        let both = json!([one, "null"]);
        members.insert("type".to_owned(), both);
    }
}

/// Leaves out what says nothing to a caller: what a type has where nothing is given, how Rust calls a number, and where its
/// comments have line breaks.
pub(super) fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint"))
            {
                members.remove("format");
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = unwrapped(text);
            }
            let is_nothing = members
                .get("default")
                .is_some_and(|it| [json!(""), json!([]), json!(null), json!(0)].contains(it));
            if is_nothing {
                members.remove("default");
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A text whose paragraphs and items of lists are one line each.
fn unwrapped(text: &str) -> String {
    let mut lines = text.lines();
    let mut unwrapped = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let goes_on = !line.is_empty() && !line.starts_with("- ") && !unwrapped.ends_with('\n');
        unwrapped.push(if goes_on { ' ' } else { '\n' });
        unwrapped.push_str(line);
    }
    unwrapped
}

/// A parameter of the query is there or not: none is null.
pub(super) fn not_null(schema: &mut Value) {
    if let Some(types) = schema["type"].as_array() {
        schema["type"] = types.iter().find(|it| *it != "null").cloned().unwrap_or_default();
    }
}

/// Of a parameter's text, or of each of its texts: that it is not empty.
pub(super) fn not_empty(schema: &mut Value) {
    let text = if schema["type"] == "array" { &mut schema["items"] } else { schema };
    if text["type"] == "string" {
        text["minLength"] = 1.into();
    }
}

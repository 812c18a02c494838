//! Schemas in words.

use serde_json::Value;

use super::text::{escape, prose};

const REFERENCE: &str = "#/components/schemas/";

/// All that have a name, each with its members.
pub(super) fn all(document: &Value) -> String {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    schemas
        .map(|(name, schema)| {
            let description = prose(schema["description"].as_str().unwrap_or_default());
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let members: String = schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(member, schema)| {
                    let must = if required.contains(&Value::from(&**member)) {
                        " <small>required</small>"
                    } else {
                        ""
                    };
                    let description = prose(schema["description"].as_str().unwrap_or_default());
                    format!(
                        "<dt><code>{}</code>{must} {}</dt><dd>{description}</dd>",
                        escape(member),
                        kind(schema)
                    )
                })
                .collect();
            let kind = if members.is_empty() { format!("<p>{}</p>", kind(schema)) } else { String::new() };
            format!(
                "\n<section id=\"{0}\"><h3>{0}</h3>{description}{kind}<dl>{members}</dl></section>",
                escape(name)
            )
        })
        .collect()
}

/// What a value has to be.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(REFERENCE)) {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    let alternatives = |list: &Vec<Value>| list.iter().map(kind).collect::<Vec<_>>();
    if let Some(all) = schema["allOf"].as_array() {
        let must = required(schema);
        return alternatives(all).join(" and ") + &must;
    }
    if let Some(any) = schema["anyOf"].as_array().filter(|_| schema["properties"].is_null()) {
        return alternatives(any).join(" or ");
    }
    let named = match &schema["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "any JSON".to_owned(),
    };
    let items = &schema["items"];
    let items = if items.is_null() { String::new() } else { format!(" of {}", kind(items)) };
    let values = schema["enum"].as_array().map(|values| {
        let values: Vec<_> = values.iter().map(|it| format!("<code>{}</code>", escape(&plain(it)))).collect();
        format!(": {}", values.join(", "))
    });
    let value = &schema["const"];
    let constant =
        if value.is_null() { String::new() } else { format!(": <code>{}</code>", escape(&plain(value))) };
    format!("<span>{named}{items}{}{}{constant}</span>", bounds(schema), values.unwrap_or_default())
}

fn required(schema: &Value) -> String {
    let names: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(escape).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", with <code>{}</code>", names.join("</code>, <code>"))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn bounds(schema: &Value) -> String {
    for (least, most, unit) in [
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minimum", "maximum", ""),
    ] {
        match (schema[least].as_i64(), schema[most].as_i64()) {
            (Some(least), Some(most)) => return format!(", {least} to {most}{unit}"),
            (None, Some(most)) => return format!(", up to {most}{unit}"),
            (Some(1), None) if least == "minLength" => return ", not empty".to_owned(),
            (Some(least), None) => return format!(", at least {least}{unit}"),
            (None, None) => {}
        }
    }
    String::new()
}

//! What a request has beside its body, and what an answer has: paths, queries and headers.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{contract::contract, examples, operations::rpc, overlay, rules};
use crate::{
    headers::{IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, LAST_EVENT_ID},
    operation::Operation,
};

/// The parameters of an operation.
pub(super) fn of(operation: &Operation) -> Vec<Value> {
    let path = operation.path.contains('{').then(|| {
        json!({
            "name": "channelSessionId", "in": "path", "required": true,
            "description": "The session's id, percent-encoded: `a%2Fb` is the id `a/b`.",
            "schema": rules::id(&mut SchemaSettings::draft2020_12().into_generator()),
            "example": examples::ID,
        })
    });
    path.into_iter().chain(query(operation)).chain(headers(operation)).collect()
}

/// The fields of the query's type.
fn query(operation: &Operation) -> Vec<Value> {
    let Some(query) = operation.query else { return Vec::new() };
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .for_deserialize()
        .into_generator();
    let schema = (query.schema)(&mut generator).to_value();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, mut schema): (String, Value)| {
        overlay::tidy(&mut schema);
        overlay::not_null(&mut schema);
        // One without a value is refused.
        overlay::not_empty(&mut schema);
        let own = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        // A parameter that may come several times is a list to the contract.
        let names = [name.clone(), format!("{name}s")];
        let request = rpc(operation).map(|rpc| format!("{rpc}Request"));
        let comment =
            names.iter().find_map(|name| contract().comment(&format!("{}.{name}", request.as_ref()?)));
        let description = own.or(comment.map(Value::from)).unwrap_or_default();
        json!({ "name": name, "in": "query", "description": description, "schema": schema })
    };
    properties.into_iter().map(parameter).collect()
}

fn headers(operation: &Operation) -> Vec<Value> {
    operation.headers.iter().map(|name| header(operation, name)).collect()
}

fn header(operation: &Operation, name: &str) -> Value {
    let (description, schema) = if name == IF_MATCH {
        let description = "The revision that the session must have: an `ETag` as answers give it, several separated by commas, \
                           or `*` for any.";
        (description, rules::if_match())
    } else if name == IF_NONE_MATCH && operation.method.is_safe() {
        let description =
            "What the caller has already: where it is what there is, the answer is 304 and has no body.";
        (description, json!({ "type": "string", "minLength": 1 }))
    } else if name == IF_NONE_MATCH {
        ("Store only where there is no session.", json!({ "type": "string", "const": "*" }))
    } else if name == IDEMPOTENCY_KEY {
        let description = "The caller's name for this request, so that it may be sent again: it is made once. 1 to 128 visible \
                           ASCII characters, such as a UUID, with or without double quotes.";
        (description, rules::idempotency_key())
    } else if name == LAST_EVENT_ID {
        ("The position to go on from: it counts before the parameter.", json!({ "type": "string" }))
    } else {
        ("`return=minimal` asks for an answer without the document.", json!({ "type": "string" }))
    };
    json!({ "name": name, "in": "header", "description": description, "schema": schema })
}

/// The headers of an answer: these, and those of every one.
pub(super) fn answer_headers(headers: &[(&'static str, bool)]) -> Map<String, Value> {
    let all = headers.iter().copied().chain([("X-Request-Id", true)]);
    all.map(|(name, is_required)| (name.to_owned(), answer_header(name, is_required))).collect()
}

fn answer_header(name: &str, is_required: bool) -> Value {
    let (description, schema) = match name {
        "ETag" => (
            "Which version this is, as an entity tag; a session's is its revision.",
            json!({ "type": "string", "pattern": r#"^"[^"]*"$"# }),
        ),
        "Location" => ("Where the session is.", json!({ "type": "string", "format": "uri-reference" })),
        "Preference-Applied" => {
            ("That the document was left out.", json!({ "type": "string", "const": "return=minimal" }))
        }
        "Retry-After" => ("After how many seconds to try again.", json!({ "type": "integer", "minimum": 1 })),
        "WWW-Authenticate" => ("How to show credentials.", json!({ "type": "string", "const": "Bearer" })),
        "X-Request-Id" => ("The request's id, under which the log has it.", json!({ "type": "string" })),
        _ => ("What is taken.", json!({ "type": "string" })),
    };
    json!({ "description": description, "required": is_required, "schema": schema })
}

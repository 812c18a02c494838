//! The operations of the document: what each takes, what it answers, and an example.

use http::{Method, StatusCode};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json, map::Entry};

use super::{contract::contract, errors, examples, parameters};
use crate::operation::{Answer, Operation, SchemaOf};

/// The method of the service that an operation calls, where it calls one.
pub(super) fn rpc(operation: &Operation) -> Option<String> {
    let name = match operation.id {
        "updateForm" => "UpdateData".to_owned(),
        "putChannelSession" => "CreateChannelSession".to_owned(),
        // The others are called as it is.
        id => {
            let mut chars = id.chars();
            chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
        }
    };
    contract().method(&name).is_some().then_some(name)
}

/// In which chapter an operation is.
pub(super) fn tag(operation: &Operation) -> &'static str {
    match rpc(operation).as_deref() {
        Some("WatchChannelSessions" | "ListChannelSessionHistory") => "Events",
        Some(_) => "Sessions",
        None => "Service",
    }
}

/// The chapters, and what is in them.
pub(super) const TAGS: [(&str, &str); 3] = [
    ("Sessions", "Sessions, and the data that is attached to them."),
    ("Events", "What happened to sessions, as it happens and afterwards."),
    ("Service", "The service itself. Nobody needs credentials for it."),
];

/// What makes the schemas of a document: those of what is read, and those of what is answered.
pub(super) struct Generators {
    pub(super) requests: SchemaGenerator,
    pub(super) answers: SchemaGenerator,
}

impl Generators {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }
}

/// One operation. `is_required` says whether callers need credentials; otherwise they may.
pub(super) fn operation(operation: &Operation, generators: &mut Generators, is_required: bool) -> Value {
    let mut responses = errors::responses(operation);
    for answer in &operation.answers {
        let mut response = response(operation, answer, &mut generators.answers);
        match responses.entry(answer.status.to_string()) {
            Entry::Vacant(place) => {
                place.insert(response);
            }
            // The same in another media type.
            Entry::Occupied(mut there) => {
                let content = there.get_mut()["content"].as_object_mut();
                if let (Some(content), Some(more)) = (content, response["content"].as_object_mut()) {
                    content.append(more);
                }
            }
        }
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [tag(operation)],
        "responses": responses,
        "security": security(operation, is_required),
    });
    let mut add = |name: &str, value: Option<Value>| {
        if let (Some(described), Some(value)) = (described.as_object_mut(), value) {
            described.insert(name.to_owned(), value);
        }
    };
    let description = description(operation);
    add("description", (!description.is_empty()).then(|| description.into()));
    let parameters = parameters::of(operation);
    add("parameters", (!parameters.is_empty()).then(|| parameters.into()));
    add(
        "requestBody",
        operation.body.map(|body| request_body(operation, body.schema, &mut generators.requests)),
    );
    described
}

/// What it does: as the call that it makes says it, and what its form over REST has of its own.
fn description(operation: &Operation) -> String {
    let comment = rpc(operation).and_then(|rpc| contract().method(&rpc)).unwrap_or_default();
    let of_call = comment.split("\n\n").filter(|part| !is_of_other_form(operation, part));
    let query = if operation.query.is_none() { "A query is not looked at." } else { "" };
    let parts = of_call.chain([note(operation), query]).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Whether a part of the call's comment is about what this form of it cannot ask for.
fn is_of_other_form(operation: &Operation, part: &str) -> bool {
    operation.id == "updateForm" && part.starts_with("Keys can be removed")
}

/// What its form over REST has of its own.
fn note(operation: &Operation) -> &'static str {
    match operation.id {
        "updateForm" => {
            "This is the form of legacy callers: the body is the list alone, and may come without a content type. Which revision \
             the session has to have, `If-Match` can say. What needs more, such as to remove keys, is the full form, \
             `PATCH /channel-sessions/{channelSessionId}`."
        }
        "putChannelSession" => {
            "Where there is a session with this id already, the document is put in its place, as its next revision, unless \
             `If-None-Match: *` forbids it. With `If-Match` there has to be one."
        }
        "updateData" | "endChannelSession" => {
            "The `channelSessionId` of the body is that of the path, or left out. What a header says as well as the body, both \
             have to say alike."
        }
        "watchChannelSessions" => {
            "The answer is a stream of Server-Sent Events without an end. A caller that asks for `text/event-stream` by \
             `Accept`, as browsers do, gets 200 also where the stream cannot begin for now (429 and 5xx, except 501): it says \
             why in a comment, and when to come back, and ends."
        }
        _ => "",
    }
}

fn request_body(operation: &Operation, schema: SchemaOf, generator: &mut SchemaGenerator) -> Value {
    let mut schema = schema(generator).to_value();
    if operation.id == "createChannelSession" {
        // The path of the other operation that stores a document says the id.
        schema = json!({ "allOf": [schema], "type": "object", "required": ["id"] });
    }
    let mut content = json!({ "schema": schema });
    if let (Some(content), Some(example)) = (content.as_object_mut(), examples::body(operation)) {
        content.insert("example".to_owned(), example);
    }
    json!({
        "required": true,
        "description": format!("JSON in UTF-8, up to {} bytes.", operation.max_body_bytes),
        "content": { "application/json": content },
    })
}

fn response(operation: &Operation, answer: &Answer, generator: &mut SchemaGenerator) -> Value {
    let mut headers = answer.headers.to_vec();
    if operation.headers.contains(&"Prefer") {
        headers.push(("Preference-Applied", false));
    }
    let title = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let mut description = title.unwrap_or_default().to_owned();
    if answer.status == 201 && operation.headers.contains(&"Prefer") {
        description += ". Without a body where `Preference-Applied` says so.";
    }
    let mut response = json!({
        "description": description,
        "headers": parameters::answer_headers(&headers),
    });
    if let (Some(response), Some(media_type)) = (response.as_object_mut(), answer.media_type) {
        let schema = answer.schema.map(|schema| schema(generator).to_value());
        let content = match schema {
            // The items of a stream: their number has no end.
            Some(schema) if media_type == "text/event-stream" => json!({ "itemSchema": schema }),
            Some(schema) => json!({ "schema": schema }),
            None => json!({ "schema": { "type": "string" } }),
        };
        response.insert("content".to_owned(), json!({ media_type: content }));
    }
    response
}

/// Who may call: with a token or a key of the scope, or by a certificate that has it.
fn security(operation: &Operation, is_required: bool) -> Vec<Value> {
    if operation.is_open {
        return Vec::new();
    }
    let scope = scope(operation);
    let ways = [json!({ "bearer": [scope] }), json!({ "clientCertificate": [scope] })];
    (!is_required).then(|| json!({})).into_iter().chain(ways).collect()
}

/// What its caller needs: a test of the whole service holds this to what that asks for.
pub(super) fn scope(operation: &Operation) -> &'static str {
    let scope = match operation.method {
        Method::GET => access::Scope::Read,
        Method::DELETE => access::Scope::Delete,
        _ => access::Scope::Write,
    };
    scope.as_str()
}

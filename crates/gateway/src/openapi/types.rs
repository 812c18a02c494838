//! Types that are described and not read or written by serde: what goes through as its text.

use std::borrow::Cow;

use domain::Reason;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::{ChannelSessionDocument, contract::contract, rules};
use crate::{event_name, history::event::Change};

/// An attribute to attach.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "the service reads it, of the list's text")]
pub(crate) struct Attribute {
    #[schemars(schema_with = "rules::key")]
    key: String,
    #[schemars(schema_with = "rules::value_type")]
    r#type: String,
    /// Any JSON, null included, up to 64 KiB without white space and 32 levels deep, that fits the type; numbers are exact.
    value: serde_json::Value,
}

/// What a problem gives for its reason.
pub(crate) struct ReasonName;

impl JsonSchema for ReasonName {
    fn schema_name() -> Cow<'static, str> {
        "Reason".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let lines =
            Reason::ALL.map(|reason| format!("- `{}`: {}", reason.as_str(), contract().reason(reason)));
        json_schema!({
            "type": "string",
            "description": format!("Why a request fails. Callers branch on it.\n\n{}", lines.join("\n")),
            "enum": Reason::ALL.map(Reason::as_str),
        })
    }
}

/// What consumers get of a change.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the store has its text")]
struct ChannelSessionEvent {
    /// The event's own id, a UUID: the same each time that the event is sent.
    id: String,
    #[schemars(schema_with = "event_name::schema")]
    name: String,
    #[schemars(extend("const" = "NOTIFICATION"))]
    r#type: String,
    /// In milliseconds since the Unix epoch.
    timestamp: i64,
    /// The document's `conversationId`, or `topicId` where that is absent; null without either.
    conversation_id: serde_json::Value,
    event_emitter: EventEmitter,
    /// The whole document after the change; null where the session was deleted.
    channel_session: Option<ChannelSessionDocument>,
    /// The same.
    data: Option<ChannelSessionDocument>,
    /// The document's; null without one.
    room_info: serde_json::Value,
    change: Change,
}

/// Who reports the change: the service.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the store has its text")]
struct EventEmitter {
    id: String,
    #[schemars(extend("const" = "SYSTEM"))]
    r#type: String,
    sender_name: String,
    #[schemars(schema_with = "null")]
    additional_detail: (),
}

fn null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "null" })
}

/// An item of a stream of Server-Sent Events: a change, the last word of a stream that ends, or a checkpoint without data.
pub(crate) struct ServerSentEvent;

impl JsonSchema for ServerSentEvent {
    fn schema_name() -> Cow<'static, str> {
        "ServerSentEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let event = generator.subschema_for::<ChannelSessionEvent>();
        let problem = generator.subschema_for::<crate::problem::Problem>();
        let names = event_name::schema(generator);
        let data = |schema: Schema| {
            json!({
                "type": "string", "contentMediaType": "application/json", "contentSchema": schema,
            })
        };
        json_schema!({
            "type": "object",
            "description": "An event of the stream. One without data is a checkpoint: its id is the position to go on from. The \
                            last word of a stream that ends is named `error`, and its data is the problem.",
            "properties": {
                "id": { "type": "string", "description": "The position behind the event, to go on from: `Last-Event-ID`." },
                "event": { "type": "string" },
                "data": { "type": "string" },
                "retry": { "type": "integer", "description": "After how many milliseconds to come back." },
            },
            "anyOf": [
                { "required": ["id", "event", "data"], "properties": { "event": names, "data": data(event) } },
                { "required": ["event", "data"],
                  "properties": { "event": { "const": "error" }, "data": data(problem) } },
                { "properties": { "event": false, "data": false } },
            ],
        })
    }
}

//! An event of a session's past as JSON: what the event that consumers get says of the change, without the document.

use channel_session_api::v1::{self, AttributeChange, ChannelSessionEvent};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{attribute, event_name};

/// An event of a session's past: what changed, without the document.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PastEvent")]
pub(super) struct Event {
    /// The event's own id, a UUID.
    id: String,
    #[schemars(schema_with = "event_name::schema")]
    name: &'static str,
    /// In milliseconds since the Unix epoch.
    timestamp: i64,
    conversation_id: Option<String>,
    change: Change,
}

/// What is known of the change.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    channel_session_id: String,
    revision: i64,
    requester: String,
    request_id: Option<String>,
    trace_id: Option<String>,
    attributes: Vec<Attribute>,
}

/// What became of one entry, without what there is not: one that was appended has neither `oldType` nor `oldValue`. A type that is null is
/// that of an entry whose type is no text.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AttributeChange")]
struct Attribute {
    key: String,
    index: i32,
    /// Null where the entry's type was no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    old_type: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value")]
    old_value: Option<Box<RawValue>>,
    /// Null where the entry's type is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    new_type: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value")]
    new_value: Option<Box<RawValue>>,
}

impl From<ChannelSessionEvent> for Event {
    fn from(event: ChannelSessionEvent) -> Self {
        let time = event.timestamp.unwrap_or_default();
        Self {
            name: event_name::of(&event),
            id: event.id,
            timestamp: time.seconds.saturating_mul(1000).saturating_add(i64::from(time.nanos) / 1_000_000),
            conversation_id: event.conversation_id,
            change: Change {
                channel_session_id: event.channel_session_id,
                revision: event.revision,
                requester: event.requester,
                request_id: given(event.request_id),
                trace_id: given(event.trace_id),
                attributes: event.changes.into_iter().map(Attribute::from).collect(),
            },
        }
    }
}

/// The text where there is one.
fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl From<AttributeChange> for Attribute {
    fn from(change: AttributeChange) -> Self {
        let (old_type, old_value) = entry(change.before);
        let (new_type, new_value) = entry(change.after);
        Self { key: change.key, index: change.index, old_type, old_value, new_type, new_value }
    }
}

fn entry(entry: Option<v1::Attribute>) -> (Option<Option<String>>, Option<Box<RawValue>>) {
    let Some(entry) = entry else { return (None, None) };
    let value = attribute::value(&entry);
    (Some(given(entry.r#type)), value)
}

#[cfg(test)]
mod tests {
    use channel_session_api::v1::EventName;
    use prost_types::{Timestamp, Value, value::Kind};

    use super::*;

    fn attribute(value_type: &str, value: Option<f64>, text: Option<&str>) -> v1::Attribute {
        v1::Attribute {
            key: "k".to_owned(),
            r#type: value_type.to_owned(),
            value: value.map(|number| Value { kind: Some(Kind::NumberValue(number)) }),
            value_json: text.map(str::to_owned),
        }
    }

    fn change(index: i32, before: Option<v1::Attribute>, after: Option<v1::Attribute>) -> AttributeChange {
        AttributeChange { key: "k".to_owned(), index, before, after }
    }

    #[test]
    fn values_are_exact_and_what_there_is_not_is_left_out() {
        let event = ChannelSessionEvent {
            id: "e".to_owned(),
            name: EventName::DataUpdated.into(),
            timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 123_999_999 }),
            channel_session_id: "x".to_owned(),
            revision: 7,
            requester: "anonymous".to_owned(),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
            changes: vec![
                change(
                    0,
                    Some(attribute("Number", Some(1.5), None)),
                    Some(attribute("Number", Some(0.1), Some("0.10"))),
                ),
                change(1, None, Some(attribute("String50", None, Some("[12345678901234567890]")))),
                change(2, Some(attribute("", None, None)), None),
            ],
            ..ChannelSessionEvent::default()
        };
        let text = serde_json::to_string(&Event::from(event)).expect("JSON");
        let expected = concat!(
            r#"{"id":"e","name":"CHANNEL_SESSION_DATA_UPDATED","timestamp":1700000000123,"#,
            r#""conversationId":null,"change":{"channelSessionId":"x","revision":7,"requester":"anonymous","#,
            r#""requestId":null,"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","attributes":["#,
            r#"{"key":"k","index":0,"oldType":"Number","oldValue":1.5,"newType":"Number","newValue":0.10},"#,
            r#"{"key":"k","index":1,"newType":"String50","newValue":[12345678901234567890]},"#,
            r#"{"key":"k","index":2,"oldType":null}]}}"#,
        );
        assert_eq!(text, expected);
    }
}

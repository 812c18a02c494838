//! Events as JSON, for consumers; and changes as JSON, for stores too.

use serde_json::value::RawValue;

use super::{AttributeDiff, Entry, Event};
use json::{Path, Tree, Value};

/// What the service calls itself as an emitter of events.
const EMITTER: &str = "channel-sessions";

/// How deep a list of changes may be nested: a value, within an entry that other systems may have nested as deep as the
/// document allows.
const MAX_DEPTH: usize = crate::session::Document::MAX_DEPTH + 2;

impl Event {
    /// The event as its consumers know it: exact, with the document as it is. The document stands in it twice: consumers of
    /// the field's other events look for it in `data`, others in `channelSession`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let members = self.document.as_deref().map(top_level).unwrap_or_default();
        // Null counts as absent, as it does where sessions are found by their conversation.
        let raw = |names: &[&str]| {
            let member = |name: &&str| members.iter().rfind(|(own, value)| own == name && *value != "null");
            names.iter().find_map(member).map_or("null", |(_, value)| *value)
        };
        let text = |text: &str| Tree::String(text.into()).to_text();
        let document = self.document.as_deref().unwrap_or("null");
        let request_id = self.request_id.as_ref().map_or_else(|| "null".to_owned(), |id| text(id.as_str()));
        let trace_id = self.trace_id.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        format!(
            concat!(
                r#"{{"id":"{id}","name":"{name}","type":"NOTIFICATION","timestamp":{timestamp},"#,
                r#""conversationId":{conversation},"#,
                r#""eventEmitter":{{"id":"{emitter}","type":"SYSTEM","senderName":"{emitter}","additionalDetail":null}},"#,
                r#""channelSession":{document},"data":{document},"roomInfo":{room},"#,
                r#""change":{{"channelSessionId":{session},"revision":{revision},"requester":{requester},"#,
                r#""requestId":{request_id},"traceId":{trace_id},"attributes":{changes}}}}}"#
            ),
            id = self.id(),
            name = self.name.as_str(),
            timestamp = self.at.millis(),
            conversation = raw(&["conversationId", "topicId"]),
            emitter = EMITTER,
            document = document,
            session = text(self.session_id.as_str()),
            revision = self.revision.get(),
            requester = text(self.requester.as_str()),
            request_id = request_id,
            trace_id = trace_id,
            changes = changes_to_text(&self.changes),
            room = raw(&["roomInfo"]),
        )
    }
}

/// The members of a document as they stand in its text.
fn top_level(document: &str) -> Vec<(String, &str)> {
    let members = json::syntax(document).ok().and_then(|raw| json::members(raw, &Path::root("")));
    let members = members.and_then(Result::ok).unwrap_or_default();
    members.into_iter().map(|(name, value): (_, &RawValue)| (name.into_owned(), value.get())).collect()
}

/// Changes as the text of a JSON array: `[{"key", "index", "oldType", "oldValue", "newType", "newValue"}]`, without what
/// there is not.
#[must_use]
pub fn changes_to_text(changes: &[AttributeDiff]) -> String {
    let mut text = String::from("[");
    for (at, change) in changes.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_change(change, &mut text);
    }
    text.push(']');
    text
}

/// Writes a change's members in their canonical order.
fn write_change(change: &AttributeDiff, out: &mut String) {
    fn value_type(entry: &Option<Entry>) -> Option<&Value> {
        // It is there for every entry, so that one without a type differs from none.
        entry.as_ref().map(|entry| entry.value_type.as_ref().unwrap_or(&Value::Null))
    }
    fn value(entry: &Option<Entry>) -> Option<&Value> {
        entry.as_ref()?.value.as_ref()
    }
    out.push_str(r#"{"key":"#);
    Tree::String(change.key.as_str().into()).write(out);
    out.push_str(&format!(r#","index":{}"#, change.index));
    for (name, value) in [
        (r#","newType":"#, value_type(&change.new)),
        (r#","oldType":"#, value_type(&change.old)),
        (r#","newValue":"#, value(&change.new)),
        (r#","oldValue":"#, value(&change.old)),
    ] {
        if let Some(value) = value {
            out.push_str(name);
            value.write(out);
        }
    }
    out.push('}');
}

/// The changes that [`changes_to_text`] wrote.
///
/// # Errors
/// What is wrong with the text.
pub fn changes_from_text(text: &str) -> Result<Vec<AttributeDiff>, String> {
    let raw = json::syntax(text).map_err(|error| error.to_string())?;
    let value =
        json::parse(raw.get(), MAX_DEPTH, &Path::root("")).map_err(|problems| format!("{problems:?}"))?;
    let Value::Array(changes) = value.into_owned() else { return Err("changes must be an array".to_owned()) };
    changes
        .iter()
        .map(|change| from_value(change).ok_or_else(|| "a change lacks a part".to_owned()))
        .collect()
}

fn from_value(change: &Value) -> Option<AttributeDiff> {
    let object = change.as_object()?;
    let entry = |names: [&str; 2]| {
        let value_type = object.get(names[0])?;
        let value_type = (!matches!(value_type, Value::Null)).then(|| value_type.clone());
        Some(Entry { value_type, value: object.get(names[1]).cloned() })
    };
    Some(AttributeDiff {
        key: object.get("key")?.as_str()?.to_owned(),
        index: if let Value::Number(index) = object.get("index")? {
            index.as_str().parse().ok()?
        } else {
            return None;
        },
        old: entry(["oldType", "oldValue"]),
        new: entry(["newType", "newValue"]),
    })
}

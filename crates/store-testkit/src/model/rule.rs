//! What updates and ends make of a document, and what sessions are found by.

use domain::{
    Error,
    command::End,
    error::{Malformed, Present},
    event::Entry,
    list::Filter,
    precondition::Expected,
    session::Revision,
    update::Update,
};
use json::{Object, Value};

pub(super) fn get<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.get(name)
}

/// The object with one member more, or another; where there is none, an object with that member alone.
fn with(value: Option<&Value>, name: &'static str, member: Value) -> Value {
    let mut object = value.and_then(Value::as_object).cloned().unwrap_or_default();
    object.insert(name, member);
    Value::Object(object)
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned().into())
}

pub(super) fn key_of(entry: &Value) -> Option<&str> {
    get(entry, "key")?.as_str()
}

pub(super) fn entry_of(entry: &Value) -> Entry {
    Entry { value_type: get(entry, "type").cloned(), value: get(entry, "value").cloned() }
}

/// The list of attributes; empty where there is none.
pub(super) fn list(document: &Value) -> Result<Vec<Value>, Malformed> {
    let data = match get(document, "channelData") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(data) if data.as_object().is_some() => data,
        Some(_) => return Err(Malformed::ChannelData),
    };
    match get(data, "additionalAttributes") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list.clone()),
        Some(_) => Err(Malformed::AdditionalAttributes),
    }
}

/// The document with another list.
pub(super) fn with_list(document: &Value, list: Vec<Value>) -> Value {
    let data = with(get(document, "channelData"), "additionalAttributes", Value::Array(list));
    with(Some(document), "channelData", data)
}

pub(super) fn is_active(document: &Value) -> bool {
    let says = get(document, "isActive").or(get(document, "active"));
    says != Some(&Value::Bool(false))
}

/// The document that an update of an active session leaves, if it changes anything.
pub(super) fn update(document: &Value, revision: Revision, update: &Update) -> Result<Option<Value>, Error> {
    let attributes: Vec<_> = update.attributes.iter().collect();
    if attributes.is_empty() && update.remove_keys.is_empty() && update.preconditions.is_empty() {
        return Ok(None);
    }
    let before = list(document).map_err(Error::ChannelDataMalformed)?;
    for precondition in &update.preconditions {
        let mut entries = before.iter().filter(|entry| key_of(entry) == Some(&precondition.key));
        let (holds, present) = match &precondition.expected {
            Expected::Absent => {
                let first = entries.next();
                (first.is_none(), first)
            }
            Expected::Value(value) => {
                let entries: Vec<_> = entries.collect();
                let other = entries.iter().find(|entry| get(entry, "value") != Some(value)).copied();
                (!entries.is_empty() && other.is_none(), other)
            }
        };
        if !holds {
            let (key, entry) = (precondition.key.clone(), present.map(entry_of));
            return Err(Error::AttributeMismatch(Box::new(Present { key, revision, entry })));
        }
    }
    let mut after = before.clone();
    after.retain(|entry| !update.remove_keys.iter().any(|key| key_of(entry) == Some(key)));
    for attribute in attributes {
        let is_it = |entry: &Value| key_of(entry) == Some(&attribute.key);
        if !after.iter().any(is_it) {
            after.push(with(None, "key", text(&attribute.key)));
        }
        for entry in after.iter_mut().filter(|entry| is_it(entry)) {
            *entry = with(Some(entry), "type", text(attribute.value_type.name()));
            *entry = with(Some(entry), "value", attribute.value.clone());
        }
    }
    if after.len() > before.len() && after.len() > update.max_attributes {
        return Err(Error::TooManyAttributes { found: after.len(), limit: update.max_attributes });
    }
    Ok((after != before).then(|| with_list(document, after)))
}

/// The document of a session that has ended.
pub(super) fn end(document: &Value, end: &End) -> Value {
    let state = match get(document, "state") {
        Some(Value::String(_)) => text(&end.state),
        other => with(Some(&with(other, "name", text(&end.state))), "reasonCode", text(&end.reason_code)),
    };
    let mut ended = with(Some(document), "state", state);
    let said: Vec<_> =
        ["isActive", "active"].into_iter().filter(|name| get(document, name).is_some()).collect();
    for name in if said.is_empty() { vec!["isActive"] } else { said } {
        ended = with(Some(&ended), name, Value::Bool(false));
    }
    ended
}

/// Whether a session is found by a filter.
pub(super) fn meets(document: &Value, filter: &Filter) -> bool {
    let at = |path: &[&str]| {
        let value = path.iter().try_fold(document, |value, name| get(value, name))?;
        value.as_str().map(str::to_owned)
    };
    let own = get(document, "conversationId").filter(|own| **own != Value::Null);
    let conversation = if own.is_some() { at(&["conversationId"]) } else { at(&["topicId"]) };
    let is = |wanted: &Option<String>, has: Option<String>| wanted.is_none() || *wanted == has;
    is(&filter.conversation_id, conversation)
        && is(&filter.customer_id, at(&["customer", "_id"]))
        && is(&filter.channel_type, at(&["channel", "channelType", "name"]))
        && filter.active.is_none_or(|active| active == is_active(document))
}

/// An object of nothing but these members.
pub(super) fn object(members: Vec<(&str, Value)>) -> Value {
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect::<Object>())
}

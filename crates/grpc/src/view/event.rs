//! What happened to a session as a message.

use channel_session_api::v1::{self, ChannelSessionEvent, EventName};
use domain::{
    event::{AttributeDiff, Event, Name},
    request_id::RequestId,
    time::Timestamp,
};

use watch::SharedEvent;

use super::attribute;

/// An event for those who watch: with its JSON, the whole document included.
pub(crate) fn with_json(event: &SharedEvent) -> ChannelSessionEvent {
    ChannelSessionEvent { json: event.json().to_owned(), ..message(event, &event.changes) }
}

/// An event for those who look back: without its JSON and, if a key is given, with the changes of that key alone.
pub(crate) fn past(event: &Event, key: Option<&str>) -> ChannelSessionEvent {
    message(event, event.changes.iter().filter(|change| key.is_none_or(|key| change.key == key)))
}

fn message<'a>(event: &Event, changes: impl IntoIterator<Item = &'a AttributeDiff>) -> ChannelSessionEvent {
    ChannelSessionEvent {
        id: event.id().to_string(),
        name: name(event.name).into(),
        timestamp: Some(timestamp(event.at)),
        channel_session_id: event.session_id.as_str().to_owned(),
        conversation_id: event.conversation_id.clone(),
        revision: event.revision.get(),
        requester: event.requester.as_str().to_owned(),
        request_id: event.request_id.as_ref().map(RequestId::as_str).unwrap_or_default().to_owned(),
        trace_id: event.trace_id.map(|id| id.to_string()).unwrap_or_default(),
        changes: changes.into_iter().map(change).collect(),
        json: String::new(),
    }
}

fn name(name: Name) -> EventName {
    match name {
        Name::Started => EventName::Started,
        Name::DataUpdated => EventName::DataUpdated,
        Name::Ended => EventName::Ended,
        Name::Deleted => EventName::Deleted,
    }
}

fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, millis) = (at.millis().div_euclid(1000), at.millis().rem_euclid(1000));
    prost_types::Timestamp { seconds, nanos: i32::try_from(millis * 1_000_000).unwrap_or_default() }
}

fn change(change: &AttributeDiff) -> v1::AttributeChange {
    v1::AttributeChange {
        key: change.key.clone(),
        // A document has no room for so many that the number would not fit.
        index: i32::try_from(change.index).unwrap_or(i32::MAX),
        before: change.old.as_ref().map(|entry| attribute::entry(&change.key, entry)),
        after: change.new.as_ref().map(|entry| attribute::entry(&change.key, entry)),
    }
}

#[cfg(test)]
mod tests;

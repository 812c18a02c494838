//! The name of an event, as consumers of JSON know it.

use channel_session_api::v1::{ChannelSessionEvent, EventName};
use domain::event::Name;
use schemars::{Schema, SchemaGenerator, json_schema};

/// The name; a newer service may have others, which have none here.
pub(crate) fn of(event: &ChannelSessionEvent) -> &'static str {
    match event.name() {
        EventName::Unspecified => "UNSPECIFIED",
        EventName::Started => Name::Started.as_str(),
        EventName::DataUpdated => Name::DataUpdated.as_str(),
        EventName::Ended => Name::Ended.as_str(),
        EventName::Deleted => Name::Deleted.as_str(),
    }
}

/// All that there are.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Name::ALL.map(Name::as_str) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_the_name_that_its_json_has() {
        for (at, name) in (1..).zip(Name::ALL) {
            let event = ChannelSessionEvent { name: at, ..ChannelSessionEvent::default() };
            assert_eq!(of(&event), name.as_str());
        }
        let past = i32::try_from(Name::ALL.len() + 1).expect("a few");
        assert!(EventName::try_from(past).is_err());
    }
}

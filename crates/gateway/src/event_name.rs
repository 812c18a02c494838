//! The name of an event, as consumers of JSON know it.

use channel_session_api::v1::ChannelSessionEvent;

/// The enum's name of it without the prefix that protobuf's style asks for.
pub(crate) fn of(event: &ChannelSessionEvent) -> &'static str {
    const PREFIX: &str = "EVENT_NAME_";
    let name = event.name().as_str_name();
    name.strip_prefix(PREFIX).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use channel_session_api::v1::EventName;
    use domain::event::Name;

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

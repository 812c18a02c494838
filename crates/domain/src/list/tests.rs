//! What sessions are found by, for documents of every shape.

use super::*;
use crate::session;

fn indexed_fields(document: &str) -> (Option<String>, Option<String>, Option<String>, bool) {
    let IndexedFields { conversation_id, customer_id, channel_type, active } =
        session::document(document).indexed_fields().clone();
    (conversation_id, customer_id, channel_type, active)
}

fn conversation(document: &str) -> Option<String> {
    indexed_fields(document).0
}

#[test]
fn each_key_has_its_place_in_the_document() {
    let document = r#"{"conversationId":"c","customer":{"_id":"u","id":"no"},"isActive":false,
                       "channel":{"channelType":{"name":"WEB","id":"no"},"name":"no"}}"#;
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(indexed_fields(document), (some("c"), some("u"), some("WEB"), false));
}

#[test]
fn what_is_absent_or_no_text_is_nothing_to_be_found_by() {
    for document in [
        "{}",
        r#"{"conversationId":null,"customer":null,"channel":null}"#,
        r#"{"conversationId":7,"customer":{"_id":7},"channel":{"channelType":{"name":["WEB"]}}}"#,
        r#"{"conversationId":{},"customer":"u","channel":{"channelType":"WEB"}}"#,
        r#"{"customer":["_id"],"channel":[{"channelType":{"name":"WEB"}}]}"#,
    ] {
        assert_eq!(indexed_fields(document), (None, None, None, true), "{document}");
    }
}

#[test]
fn a_topic_stands_in_only_for_a_conversation_that_is_absent_or_null() {
    assert_eq!(conversation(r#"{"topicId":"t"}"#).as_deref(), Some("t"));
    assert_eq!(conversation(r#"{"topicId":"t","conversationId":null}"#).as_deref(), Some("t"));
    assert_eq!(conversation(r#"{"topicId":"t","conversationId":"c"}"#).as_deref(), Some("c"));
    assert_eq!(conversation(r#"{"topicId":"t","conversationId":""}"#).as_deref(), Some(""));
    assert_eq!(conversation(r#"{"topicId":"t","conversationId":5}"#), None);
}

#[test]
fn texts_are_measured_in_characters_and_one_that_is_too_long_is_left_out() {
    let with = |chars: usize| format!(r#"{{"conversationId":"{}","topicId":"t"}}"#, "💬".repeat(chars));
    assert_eq!(conversation(&with(IndexedFields::MAX_CHARS)), Some("💬".repeat(IndexedFields::MAX_CHARS)));
    assert_eq!(conversation(&with(IndexedFields::MAX_CHARS + 1)), None);
}

#[test]
fn the_condition_that_leaves_the_fewest_leads() {
    let text = |given: bool| given.then(|| "x".to_owned());
    let filter = |conversation, customer, channel_type, active| Filter {
        conversation_id: text(conversation),
        customer_id: text(customer),
        channel_type: text(channel_type),
        active,
    };
    for (filter, choice, scanned) in [
        (filter(false, false, false, None), IndexChoice::None, 100),
        (filter(true, false, false, None), IndexChoice::Conversation, 100),
        (filter(true, true, true, Some(true)), IndexChoice::Conversation, 1000),
        (filter(false, true, true, None), IndexChoice::Customer, 1000),
        (filter(false, false, true, None), IndexChoice::ChannelType, 100),
        (filter(false, false, true, Some(true)), IndexChoice::Active, 1000),
        (filter(false, false, true, Some(false)), IndexChoice::ChannelType, 1000),
        (filter(false, false, false, Some(false)), IndexChoice::Active, 100),
    ] {
        assert_eq!((filter.index_choice(), filter.scanned(100)), (choice, scanned), "{filter:?}");
    }
}

#[test]
fn a_page_goes_on_behind_the_last_session_that_was_looked_at() {
    let looked_at = |wanted: &[bool]| {
        let scanned = wanted.iter().enumerate().map(|(at, wanted)| Scanned {
            id: Id::parse(&format!("s{at}")).expect("an id"),
            revision: Revision::FIRST,
            document: wanted.then(|| "{}".to_owned()),
        });
        scanned.collect::<Vec<_>>()
    };
    let page = |wanted: &[bool], limit, is_last| {
        let Page { sessions, next } = Page::of(looked_at(wanted), limit, is_last);
        let ids: Vec<_> = sessions.iter().map(|session| session.id.to_string()).collect();
        (ids.join(" "), next.map(|next| next.to_string()))
    };
    let told = |ids: &str, next: Option<&str>| (ids.to_owned(), next.map(str::to_owned));
    assert_eq!(page(&[true, false, true, true], 2, true), told("s0 s2", Some("s2")));
    assert_eq!(page(&[true, false, true], 2, true), told("s0 s2", None));
    assert_eq!(page(&[true, false], 2, false), told("s0", Some("s1")));
    assert_eq!(page(&[false, false], 2, false), told("", Some("s1")));
    assert_eq!(page(&[], 2, true), told("", None));
}

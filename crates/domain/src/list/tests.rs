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
    for (filter, choice, scan_limit) in [
        (filter(false, false, false, None), IndexChoice::None, None),
        (filter(true, false, false, None), IndexChoice::Conversation, None),
        (filter(true, true, true, Some(true)), IndexChoice::Conversation, Some(1000)),
        (filter(false, true, true, None), IndexChoice::Customer, Some(1000)),
        (filter(false, false, true, None), IndexChoice::ChannelType, None),
        (filter(false, false, true, Some(true)), IndexChoice::Active, Some(1000)),
        (filter(false, false, true, Some(false)), IndexChoice::ChannelType, Some(1000)),
        (filter(false, false, false, Some(false)), IndexChoice::Active, None),
    ] {
        assert_eq!((filter.index_choice(), filter.scan_limit(100)), (choice, scan_limit), "{filter:?}");
    }
}

#[test]
fn a_page_goes_on_behind_the_last_session_that_was_scanned() {
    let id = |at: usize| Id::parse(&format!("s{at}")).expect("an id");
    let scan = |wanted: &[bool], limit, is_last| {
        let scanned = wanted.iter().enumerate().map(|(at, is_wanted)| (id(at), *is_wanted)).collect();
        let Scan { ids, next } = Scan::of(scanned, limit, is_last);
        let ids: Vec<_> = ids.iter().map(Id::to_string).collect();
        (ids.join(" "), next.map(|next| next.to_string()))
    };
    let found = |ids: &str, next: Option<&str>| (ids.to_owned(), next.map(str::to_owned));
    assert_eq!(scan(&[true, false, true, true], 2, true), found("s0 s2", Some("s2")));
    assert_eq!(scan(&[true, false, true], 2, true), found("s0 s2", None));
    assert_eq!(scan(&[true, false], 2, false), found("s0", Some("s1")));
    assert_eq!(scan(&[false, false], 2, false), found("", Some("s1")));
    assert_eq!(scan(&[], 2, true), found("", None));
    assert_eq!(scan(&[true], 0, false), found("", None));
}

#[test]
fn a_page_of_fewer_than_were_asked_for_is_the_last() {
    let id = |at: usize| Id::parse(&format!("s{at}")).expect("an id");
    let next = |sessions: usize, limit| {
        let session =
            |at| Session { id: id(at), revision: session::Revision::FIRST, document: "{}".to_owned() };
        Page::of_first((0..sessions).map(session).collect(), limit).next
    };
    assert_eq!(next(2, 3), None);
    assert_eq!(next(3, 3), Some(id(2)));
    assert_eq!(next(0, 0), None);
}

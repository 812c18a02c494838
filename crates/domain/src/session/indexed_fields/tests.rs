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

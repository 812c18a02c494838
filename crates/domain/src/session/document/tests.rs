//! What a document takes, and what is read of it.

use super::*;

#[test]
fn a_document_is_measured_without_white_space() {
    let filler = |size: usize| format!(r#"{{ "id" :  "{}" }}"#, "x".repeat(size - r#"{"id":""}"#.len()));
    assert!(Document::parse(&filler(Document::MAX_BYTES)).is_ok());
    assert!(matches!(
        Document::parse(&filler(Document::MAX_BYTES + 1)),
        Err(Error::DocumentTooLarge { found, .. }) if found == Document::MAX_BYTES + 1
    ));
}

#[test]
fn the_id_comes_from_the_request_or_the_document_and_never_from_both_differently() {
    let with = Document::parse(r#"{"id":"a"}"#).expect("a document");
    let without = Document::parse("{}").expect("a document");
    let number = Document::parse(r#"{"id":5}"#).expect("a document");
    assert_eq!(with.id("").expect("its own").as_str(), "a");
    assert_eq!(with.id("a").expect("the same").as_str(), "a");
    assert_eq!(without.id("b").expect("the request's").as_str(), "b");
    for refused in [with.id("b"), without.id(""), number.id(""), number.id("5")] {
        assert!(matches!(refused, Err(Error::InvalidDocument(_))), "{refused:?}");
    }
}

#[test]
fn only_false_ends_a_session_and_is_active_wins() {
    for (document, active) in [
        ("{}", true),
        (r#"{"isActive":false}"#, false),
        (r#"{"active":false}"#, false),
        (r#"{"isActive":true,"active":false}"#, true),
        (r#"{"isActive":null,"active":false}"#, true),
        (r#"{"isActive":"false"}"#, true),
    ] {
        assert_eq!(super::document(document).is_active(), active, "{document}");
    }
}

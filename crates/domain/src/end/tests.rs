//! What an end takes, and what it makes of documents of every shape.

use super::*;
use crate::session::document;

#[test]
fn without_a_name_the_state_is_ended() {
    let end = End::parse("", "CUSTOMER").expect("a state may be left out");
    assert_eq!((&*end.state, &*end.reason_code), (End::STATE, "CUSTOMER"));
    let end = End::parse("CLOSED", &"💬".repeat(End::MAX_CHARS)).expect("characters are counted, not bytes");
    assert_eq!(end.state, "CLOSED");
}

#[test]
fn names_that_break_the_rule_are_refused_by_field() {
    let long = "x".repeat(End::MAX_CHARS + 1);
    for (state, reason_code, field, example) in [
        ("", "", "reason_code", "CUSTOMER"),
        ("", " \u{3000}", "reason_code", "not only white space"),
        ("", "a\nb", "reason_code", "CUSTOMER"),
        ("", &*long, "reason_code", "CUSTOMER"),
        (&*long, "CUSTOMER", "state", "such as ENDED"),
        (" ", "CUSTOMER", "state", "not only white space"),
        ("\0", "CUSTOMER", "state", "such as ENDED"),
    ] {
        match End::parse(state, reason_code) {
            Err(Error::InvalidParameter(violation)) => {
                assert_eq!(violation.field, field);
                assert!(violation.description.contains(example), "{violation:?}");
            }
            other => panic!("{state:?} {reason_code:?}: {other:?}"),
        }
    }
}

#[test]
fn each_member_keeps_the_shape_that_the_document_has() {
    let end = End::parse("ENDED", "AGENT").expect("valid");
    let state = r#""state":{"name":"ENDED","reasonCode":"AGENT"}"#;
    for (before, after) in [
        ("{}".to_owned(), format!(r#"{{"isActive":false,{state}}}"#)),
        (r#"{"state":null}"#.to_owned(), format!(r#"{{"isActive":false,{state}}}"#)),
        (r#"{"state":[1]}"#.to_owned(), format!(r#"{{"isActive":false,{state}}}"#)),
        (r#"{"state":"STARTED"}"#.to_owned(), r#"{"isActive":false,"state":"ENDED"}"#.to_owned()),
        (
            r#"{"active":true,"state":{"name":"STARTED","reasonCode":null,"since":0.10}}"#.to_owned(),
            r#"{"active":false,"state":{"name":"ENDED","reasonCode":"AGENT","since":0.10}}"#.to_owned(),
        ),
        (
            format!(r#"{{"isActive":true,"active":true,{state}}}"#),
            format!(r#"{{"isActive":false,"active":false,{state}}}"#),
        ),
        (r#"{"isActive":null}"#.to_owned(), format!(r#"{{"isActive":false,{state}}}"#)),
        (r#"{"active":null}"#.to_owned(), format!(r#"{{"active":false,{state}}}"#)),
        (
            r#"{"isActive":true,"more":[null,12345678901234567890]}"#.to_owned(),
            format!(r#"{{"isActive":false,"more":[null,12345678901234567890],{state}}}"#),
        ),
    ] {
        let ended = end.apply(&document(&before)).expect("small enough");
        assert_eq!(ended, document(&after), "{before}");
        assert!(!ended.is_active(), "{before}");
    }
}

#[test]
fn a_document_that_the_end_would_make_too_large_is_refused() {
    let filler = "x".repeat(Document::MAX_BYTES - r#"{"f":""}"#.len());
    let full = document(&format!(r#"{{"f":"{filler}"}}"#));
    let refused = End::parse("", "CUSTOMER").expect("valid").apply(&full);
    assert!(matches!(refused, Err(Error::DocumentTooLarge { found, .. }) if found > Document::MAX_BYTES));
}

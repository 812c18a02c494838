//! What is read of headers, and which are refused.

use http::HeaderName;

use super::*;
use crate::problem::parsed;

fn headers<const N: usize>(lines: [(&str, &[u8]); N]) -> HeaderMap {
    let line = |(name, value): (&str, &[u8])| {
        let name: HeaderName = name.parse().expect("a header's name");
        (name, HeaderValue::from_bytes(value).expect("a header's value"))
    };
    lines.map(line).into_iter().collect()
}

/// The reason, and the field that is named.
fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> (String, String) {
    let parsed = parsed(&result.expect_err("it should be refused"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&parsed["reason"]), text(&parsed["violations"][0]["field"]))
}

fn etag(headers: &HeaderMap, member: String) -> Result<String, Problem> {
    Change::read(headers)?.etag(member)
}

fn request_id(headers: &HeaderMap, member: String) -> Result<String, Problem> {
    Change::read(headers)?.request_id(member)
}

#[test]
fn a_change_of_what_is_there_has_no_if_none_match() {
    let refusal = ("INVALID_PARAMETER".to_owned(), "If-None-Match".to_owned());
    for value in ["*", "\"3\""] {
        assert_eq!(refused(etag(&headers([("If-None-Match", value.as_bytes())]), String::new())), refusal);
    }
}

#[test]
fn the_lines_of_if_match_are_one_list() {
    let of = |lines: HeaderMap| etag(&lines, String::new()).expect("a list of tags");
    assert_eq!(of(headers([])), "");
    assert_eq!(of(headers([("If-Match", b"\"3\"")])), "\"3\"");
    assert_eq!(of(headers([("if-match", b"\"3\", \"4\""), ("IF-MATCH", b"*")])), "\"3\", \"4\", *");
    // What is no tag is for the service to refuse.
    assert_eq!(of(headers([("If-Match", b"3")])), "3");
}

#[test]
fn a_header_that_says_nothing_is_refused_and_not_ignored() {
    let parameter = |field: &str| ("INVALID_PARAMETER".to_owned(), field.to_owned());
    for value in [b"".as_slice(), b" ", b"\"\xe4\""] {
        assert_eq!(refused(etag(&headers([("If-Match", value)]), String::new())), parameter("If-Match"));
    }
    for value in [b"".as_slice(), b"\"\"", b"\"a", b"\"a\"b", b"\"\\a\"", b"\"a\\", b"\xfc", b"\"a\";p=1"] {
        let lines = headers([("Idempotency-Key", value)]);
        assert_eq!(refused(request_id(&lines, String::new())), parameter("Idempotency-Key"), "{value:?}");
    }
    let twice = headers([("Idempotency-Key", b"a"), ("Idempotency-Key", b"a")]);
    assert_eq!(refused(request_id(&twice, String::new())), parameter("Idempotency-Key"));
    let latin = headers([("Last-Event-ID", b"\xe9")]);
    assert_eq!(refused(LastEventId::read(&latin).map(|id| id.0)), parameter("Last-Event-ID"));
    let batch = headers([("Idempotency-Key", b"a")]);
    assert_eq!(refused(Unconditional::read(&batch).map(drop)), parameter("Idempotency-Key"));
}

#[test]
fn an_idempotency_key_is_in_quotes_or_bare() {
    for (value, expected) in [
        (b"\"8e03978e-40d5\"".as_slice(), "8e03978e-40d5"),
        (b"8e03978e-40d5", "8e03978e-40d5"),
        (b"\"a\\\"b\\\\c\"", "a\"b\\c"),
        (b"a\"b", "a\"b"),
        // Whether a space may be in it is for the service to say.
        (b"\"a b\"", "a b"),
    ] {
        let lines = headers([("Idempotency-Key", value)]);
        assert_eq!(request_id(&lines, String::new()).expect("a key"), expected);
    }
}

#[test]
fn a_header_and_its_member_agree() {
    let lines = headers([("If-Match", b"\"3\""), ("Idempotency-Key", b"\"a\"")]);
    assert_eq!(etag(&lines, "\"3\"".to_owned()).expect("the same"), "\"3\"");
    assert_eq!(etag(&headers([]), "\"3\"".to_owned()).expect("the member's"), "\"3\"");
    assert_eq!(request_id(&lines, "a".to_owned()).expect("the same"), "a");
    assert_eq!(refused(etag(&lines, "\"4\"".to_owned())).0, "MALFORMED_BODY");
    assert_eq!(refused(request_id(&lines, "b".to_owned())).0, "MALFORMED_BODY");
}

#[test]
fn if_none_match_is_compared_weakly() {
    for (value, expected) in [
        (b"\"3\"".as_slice(), true),
        (b"W/\"3\"", true),
        (b"\"2\",\"3\"", true),
        (b"*", true),
        (b"\"33\"", false),
        (b"3", false),
    ] {
        let lines = headers([("If-None-Match", value)]);
        assert_eq!(Known::read(&lines).expect("a list of tags").holds("\"3\""), expected, "{value:?}");
    }
    assert!(!Known::read(&headers([])).expect("nothing").holds("\"3\""));
}

fn only_if_absent(headers: &HeaderMap) -> Result<bool, Problem> {
    Storing::read(headers).map(|storing| storing.only_if_absent)
}

#[test]
fn what_is_stored_only_if_absent_says_so_with_an_asterisk() {
    assert!(!only_if_absent(&headers([])).expect("nothing"));
    assert!(only_if_absent(&headers([("If-None-Match", b" * ")])).expect("an asterisk"));
    let tag = headers([("If-None-Match", b"\"3\"")]);
    assert_eq!(refused(only_if_absent(&tag)), ("INVALID_PARAMETER".to_owned(), "If-None-Match".to_owned()));
}

#[test]
fn an_empty_last_event_id_is_none() {
    assert_eq!(LastEventId::read(&headers([("Last-Event-ID", b"")])).expect("nothing").0, None);
    let LastEventId(id) = LastEventId::read(&headers([("Last-Event-ID", b"p.7")])).expect("an id");
    assert_eq!(id.as_deref(), Some("p.7"));
}

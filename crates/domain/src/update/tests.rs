//! The update rule, by example. Random documents are the conformance suite's, which holds the stores to this rule.

use super::*;
use crate::{
    json::{self, Path},
    value_type::ValueRules,
};

const LIMIT: usize = 3;

fn value(text: &str) -> Value {
    json::parse(json::syntax(text).expect("JSON"), Document::MAX_DEPTH, &Path::root("")).expect("allowed")
}

fn outcome(document: &str, attributes: &str) -> Result<Option<Value>, Error> {
    let attributes = Attributes::parse(attributes, ValueRules::Strict).expect("valid attributes");
    match apply(&Id::parse("x").expect("an id"), value(document), &attributes, LIMIT)? {
        Change::Unchanged => Ok(None),
        Change::Changed(document) => Ok(Some(value(&document.to_text()))),
    }
}

/// A document with these entries.
fn with(entries: &str) -> String {
    format!(r#"{{"a":[null,0.10],"channelData":{{"b":1e2,"additionalAttributes":[{entries}]}}}}"#)
}

#[test]
fn entries_are_replaced_where_they_stand_and_others_appended() {
    let attributes = r#"[{"key":"new","type":"Number","value":1.0},{"key":"k","type":"Boolean","value":true},
                         {"key":"new","type":"Number","value":2}]"#;
    let before = with(r#"{"key":"k","type":"String50","value":"x","more":null},"k",{"key":"k"}"#);
    assert!(matches!(outcome(&before, attributes), Err(Error::TooManyAttributes { found: 4, limit: LIMIT })));
    let before = with(r#"{"key":"k","type":"String50","value":"x","more":null},{"key":"k"}"#);
    let after = with(
        r#"{"key":"k","type":"Boolean","value":true,"more":null},{"key":"k","type":"Boolean","value":true},
           {"key":"new","type":"Number","value":2}"#,
    );
    assert_eq!(outcome(&before, attributes).expect("within the limit"), Some(value(&after)));
    assert_eq!(outcome(&after, attributes).expect("a repeat"), None);
}

#[test]
fn what_is_absent_or_null_counts_as_empty_and_what_is_malformed_is_refused() {
    let one = r#"[{"key":"k","type":"Number","value":1}]"#;
    let after = value(r#"{"channelData":{"additionalAttributes":[{"key":"k","type":"Number","value":1}]}}"#);
    for before in ["{}", r#"{"channelData":null}"#, r#"{"channelData":{"additionalAttributes":null}}"#] {
        assert_eq!(outcome(before, one).expect(before), Some(after.clone()), "{before}");
        assert_eq!(outcome(before, "[]").expect(before), None, "{before}");
    }
    for (before, malformed) in [
        (r#"{"channelData":[]}"#, Malformed::ChannelData),
        (r#"{"channelData":{"additionalAttributes":{}}}"#, Malformed::AdditionalAttributes),
    ] {
        assert!(
            matches!(outcome(before, one), Err(Error::ChannelDataMalformed(found)) if found == malformed)
        );
        assert_eq!(outcome(before, "[]").expect(before), None, "{before}");
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
        assert_eq!(is_active(&value(document)), active, "{document}");
        assert_eq!(outcome(document, "[]").is_ok(), active, "{document}");
    }
}

#[test]
fn a_numbers_scale_is_a_change() {
    let before = with(r#"{"key":"k","type":"Number","value":0.1}"#);
    let after = with(r#"{"key":"k","type":"Number","value":0.10}"#);
    let attributes = r#"[{"key":"k","type":"Number","value":0.10}]"#;
    assert_eq!(outcome(&before, attributes).expect("changed"), Some(value(&after)));
    assert_eq!(outcome(&after, attributes).expect("unchanged"), None);
}

//! The rules for attributes, by example.

use super::*;

fn violations(text: &str) -> Vec<(String, Option<String>, &'static str)> {
    match Attributes::parse(text, ValueRules::Strict) {
        Err(Error::InvalidAttributes(violations)) => {
            violations.into_iter().map(|Violation { field, key, rule, .. }| (field, key, rule)).collect()
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_repeated_key_ends_with_its_last_value_in_its_first_place() {
    let text = r#"[{"key":"a","type":"String50","value":"1"},{"key":"b","type":"String50","value":"2"},
                   {"key":"a","type":"Number","value":3}]"#;
    let attributes = Attributes::parse(text, ValueRules::Strict).expect("valid");
    assert_eq!(
        attributes.to_value().to_text(),
        r#"[{"key":"a","type":"Number","value":3},{"key":"b","type":"String50","value":"2"}]"#
    );
}

#[test]
fn what_is_no_list_of_objects_is_malformed() {
    for text in
        ["", "{}", "[1]", "[{}, null]", "[{\"key\":}]", "\"x\"", "[", "[]]", "[{\"key\":\"\n\"}]", "nul"]
    {
        let refused = Attributes::parse(text, ValueRules::Strict);
        assert!(matches!(refused, Err(Error::MalformedBody(_))), "{text}: {refused:?}");
    }
    assert!(Attributes::parse(" [ ] ", ValueRules::Strict).expect("an empty list").is_empty());
}

#[test]
fn every_violation_is_reported_with_its_field_key_and_rule() {
    let text = r#"[{}, {"key":5,"type":"Text","value":"\u0000","extra":1},
                   {"key":" ","type":"String50","value":"x"},
                   {"key":"n","type":"Number","value":{"a":"x"}}]"#;
    let named = |field: &str, key: Option<&str>, rule| (field.to_owned(), key.map(str::to_owned), rule);
    assert_eq!(
        violations(text),
        [
            named("attributes[0].key", None, "required"),
            named("attributes[0].type", None, "required"),
            named("attributes[0].value", None, "required"),
            named("attributes[1]", None, "unknown_member"),
            named("attributes[1].key", None, "type"),
            named("attributes[1].value", None, "no_nul"),
            named("attributes[1].type", None, "value_type"),
            named("attributes[2].key", Some(" "), "not_blank"),
            named("attributes[3].value", Some("n"), "Number"),
        ]
    );
}

#[test]
fn keys_are_measured_in_characters() {
    let attribute = |key: &str| format!(r#"[{{"key":"{key}","type":"String50","value":null}}]"#);
    assert!(Attributes::parse(&attribute(&"💬".repeat(255)), ValueRules::Strict).is_ok());
    assert_eq!(violations(&attribute(&"x".repeat(256)))[0].2, "length");
    assert_eq!(violations(&attribute(""))[0].2, "length");
    assert_eq!(violations(&attribute("a\\u0007"))[0].2, "no_control_characters");
    assert_eq!(violations(&attribute("\\ud800"))[0].2, "unicode");
}

#[test]
fn values_have_a_size_and_a_depth() {
    let attribute = |value: &str| format!(r#"[{{"key":"k","type":"WebChannelData","value":{value}}}]"#);
    let sized = |size: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(size - 8));
    let nested = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    for value in [sized(Attribute::MAX_VALUE_BYTES), nested(32)] {
        assert!(Attributes::parse(&attribute(&value), ValueRules::Strict).is_ok());
    }
    assert_eq!(violations(&attribute(&sized(Attribute::MAX_VALUE_BYTES + 1)))[0].2, "size");
    assert_eq!(violations(&attribute(&nested(33)))[0].2, "depth");
}

#[test]
fn a_request_has_a_number_of_attributes() {
    let list = |count: usize| {
        let attribute = r#"{"key":"k","type":"Number","value":1}"#;
        format!("[{}]", vec![attribute; count].join(","))
    };
    assert!(Attributes::parse(&list(100), ValueRules::Strict).is_ok());
    let refused = Attributes::parse(&list(101), ValueRules::Strict);
    assert!(matches!(refused, Err(Error::RequestTooLarge { found: 101, .. })), "{refused:?}");
}

#[test]
fn lenient_rules_still_ask_for_a_type_that_exists() {
    let attribute = |name: &str| format!(r#"[{{"key":"k","type":"{name}","value":"x"}}]"#);
    assert!(Attributes::parse(&attribute("Number"), ValueRules::Lenient).is_ok());
    assert!(Attributes::parse(&attribute("Nummer"), ValueRules::Lenient).is_err());
}

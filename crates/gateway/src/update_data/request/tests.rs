//! What becomes of a body, and which are refused.

use channel_session_api::v1::ChannelSessionView;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::{headers::FromHeaders, problem::parsed};

fn body(text: &str) -> Result<UpdateDataRequest, Problem> {
    Update::read(text.to_owned())?.into_request("", &preference(None))
}

fn preference(prefer: Option<&'static str>) -> Preference {
    let line = prefer.map(|prefer| (HeaderName::from_static("prefer"), HeaderValue::from_static(prefer)));
    Preference::read(&line.into_iter().collect::<HeaderMap>()).expect("it is never refused")
}

fn json_view() -> UpdateDataRequest {
    UpdateDataRequest { view: ChannelSessionView::Json.into(), ..UpdateDataRequest::default() }
}

#[test]
fn every_member_finds_its_field_and_no_number_is_rounded() {
    let text = r#"{
        "attributes": [{"key": "k", "type": "Number", "value": 12345678901234567890.10}],
        "removeKeys": ["a", "ä"],
        "preconditions": [
            {"key": "p", "value": {"n": [0.10, 12345678901234567890]}},
            {"key": "q", "value": null},
            {"key": "r", "absent": true},
            {"key": "s", "valueJson": "1.0"}
        ],
        "etag": "\"3\"", "requestId": "r-1", "validateOnly": true, "channelSessionId": "x"
    }"#;
    let precondition =
        |key: &str, expected| AttributePrecondition { key: key.to_owned(), expected: Some(expected) };
    let value = |text: &str| Expected::ValueJson(text.to_owned());
    let expected = UpdateDataRequest {
        channel_session_id: "x".to_owned(),
        attributes_json: Some(
            r#"[{"key": "k", "type": "Number", "value": 12345678901234567890.10}]"#.to_owned(),
        ),
        etag: "\"3\"".to_owned(),
        request_id: "r-1".to_owned(),
        validate_only: true,
        remove_keys: vec!["a".to_owned(), "ä".to_owned()],
        preconditions: vec![
            precondition("p", value(r#"{"n": [0.10, 12345678901234567890]}"#)),
            precondition("q", value("null")),
            precondition("r", Expected::Absent(true)),
            precondition("s", value("1.0")),
        ],
        ..json_view()
    };
    assert_eq!(body(text).expect("a request"), expected);
    for name in ["removeKeys", "requestId", "validateOnly", "channelSessionId", "valueJson"] {
        assert!(text.contains(name), "{name}");
    }
    let snake = text
        .replace("removeKeys", "remove_keys")
        .replace("requestId", "request_id")
        .replace("validateOnly", "validate_only")
        .replace("channelSessionId", "channel_session_id")
        .replace("valueJson", "value_json");
    assert_eq!(body(&snake).expect("a request"), expected);
}

#[test]
fn an_attribute_has_its_value_or_the_values_text() {
    let list =
        r#"[{"key":"a","type":"Number","valueJson":"1.0"},{"key":"b","type":"Number","value":2.50},{}]"#;
    let attribute = |key: &str, text: &str| api::Attribute {
        key: key.to_owned(),
        r#type: "Number".to_owned(),
        value_json: Some(text.to_owned()),
        ..api::Attribute::default()
    };
    let attributes = vec![attribute("a", "1.0"), attribute("b", "2.50"), api::Attribute::default()];
    let expected = UpdateDataRequest { attributes, ..json_view() };
    for list in [list, &list.replace("valueJson", "value_json")] {
        assert_eq!(body(&format!(r#"{{"attributes":{list}}}"#)).expect("a request"), expected);
    }
}

#[test]
fn nothing_is_required_of_the_members_here() {
    assert_eq!(body("{}").expect("a request"), json_view());
    let nulls =
        r#"{"attributes":null,"attributesJson":null,"removeKeys":null,"preconditions":null,"etag":null}"#;
    assert_eq!(body(nulls).expect("a request"), json_view());
    let text = body(r#"{"attributesJson":"[ ]"}"#).expect("a request");
    assert_eq!(text.attributes_json.as_deref(), Some("[ ]"));
    // Whether it says enough is for the service to find, with all that is wrong besides.
    let open = body(r#"{"preconditions":[{}, {"key":"k","absent":false}]}"#).expect("a request");
    let absent = AttributePrecondition { key: "k".to_owned(), expected: Some(Expected::Absent(false)) };
    assert_eq!(open.preconditions, [AttributePrecondition::default(), absent]);
}

#[test]
fn what_is_not_understood_is_named() {
    for (text, named) in [
        (r#"{"attribute":[]}"#, "\"attribute\""),
        (
            r#"{"view":"CHANNEL_SESSION_VIEW_FULL"}"#,
            "view must be one of CHANNEL_SESSION_VIEW_JSON, CHANNEL_SESSION_VIEW_BASIC",
        ),
        (r#"{"view":4}"#, "view must be one of"),
        (r#"{"attributes":[],"attributesJson":"[]"}"#, "attributesJson"),
        (r#"{"attributes":[],"attributes":[]}"#, "attributes once"),
        (r#"{"attributes_json":"[]","attributesJson":"[]"}"#, "attributesJson once"),
        (r#"{"attributes":"[]"}"#, "attributes must be a list"),
        (
            r#"{"attributes":[{"value":null,"valueJson":"1"}]}"#,
            "attributes[0] must have one of value and valueJson",
        ),
        (r#"{"attributes":[{},{"valueJson":1}]}"#, "attributes[1].valueJson must be a string"),
        (
            r#"{"attributes":[{"valueJson":"1"},{"velue":1}]}"#,
            "attributes[1] must not have a member named \"velue\"",
        ),
        (r#"{"preconditions":[{"key":"a","value":1},{"key":"b","equals":2}]}"#, "preconditions[1]"),
        (r#"{"preconditions":[{"key":"a","value":1,"absent":true}]}"#, "preconditions[0]"),
        (r#"{"preconditions":[{"key":"a","value":1,"value":2}]}"#, "preconditions[0] must have value once"),
        (r#"{"preconditions":[7]}"#, "preconditions[0] must be a JSON object"),
    ] {
        let parsed = parsed(&body(text).expect_err(text));
        assert_eq!(parsed["reason"], "MALFORMED_BODY", "{text}");
        assert!(parsed["detail"].as_str().expect("text").contains(named), "{parsed}");
    }
}

#[test]
fn the_view_that_a_request_names_counts_before_the_header() {
    for (text, prefer, expected) in [
        ("{}", None, ChannelSessionView::Json),
        ("{}", Some("return=minimal"), ChannelSessionView::Basic),
        (r#"{"view":null}"#, Some("return=minimal"), ChannelSessionView::Basic),
        (r#"{"view":"CHANNEL_SESSION_VIEW_BASIC"}"#, None, ChannelSessionView::Basic),
        (
            r#"{"view":"CHANNEL_SESSION_VIEW_BASIC"}"#,
            Some("return=representation"),
            ChannelSessionView::Basic,
        ),
        (r#"{"view":"CHANNEL_SESSION_VIEW_JSON"}"#, Some("return=minimal"), ChannelSessionView::Json),
    ] {
        let update = Update::read(text.to_owned()).expect("a request");
        let request = update.into_request("", &preference(prefer)).expect("a request");
        assert_eq!(request.view(), expected, "{text} {prefer:?}");
    }
}

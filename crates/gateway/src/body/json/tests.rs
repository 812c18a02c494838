//! What becomes of a body in JSON, and which are refused.

use super::*;
use crate::problem::parsed;

/// One member of each kind.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct All {
    state: String,
    value_json: Option<String>,
    validate_only: bool,
    remove_keys: Vec<String>,
    requests: Vec<All>,
}

#[test]
fn a_member_has_two_names_and_comes_once() {
    let keys = |text| read::<All>(text).expect(text).remove_keys;
    assert_eq!(keys(r#"{"removeKeys":["a"]}"#), ["a"]);
    assert_eq!(keys(r#"{"remove_keys":["a"]}"#), ["a"]);
    assert_eq!(keys(r#"{"remove\u004beys":["a"]}"#), ["a"]);
    for twice in [r#"{"removeKeys":["a"],"remove_keys":["a"]}"#, r#"{"removeKeys":[],"removeKeys":[]}"#] {
        let parsed = parsed(&read::<All>(twice).expect_err(twice));
        assert_eq!(parsed["detail"], "the body must have removeKeys once", "{twice}");
    }
}

#[test]
fn null_is_the_same_as_nothing() {
    let nulls = r#"{"state":null,"valueJson":null,"validateOnly":null,"removeKeys":null,"requests":null}"#;
    assert_eq!(read::<All>(nulls).expect("all left out"), All::default());
    assert_eq!(read::<All>("{}").expect("all left out"), All::default());
}

#[test]
fn an_unknown_member_is_refused_by_name() {
    let known = "there are state, valueJson, validateOnly, removeKeys, requests";
    for (text, detail) in [
        (
            r#"{"state":"1","validateonly":true}"#,
            &*format!("the body must not have a member named \"validateonly\"; {known}"),
        ),
        (r#"{"":1}"#, &format!("the body must not have a member named \"\"; {known}")),
        (
            r#"{"requests":[{},{"requests":[{"foo":1}]}]}"#,
            &format!("requests[1].requests[0] must not have a member named \"foo\"; {known}"),
        ),
        (r#"{"\ud800":1}"#, "the body must be valid Unicode; a member name here holds a lone surrogate"),
    ] {
        let parsed = parsed(&read::<All>(text).expect_err(text));
        assert_eq!((&parsed["reason"], &parsed["detail"]), (&"MALFORMED_BODY".into(), &detail.into()));
    }
}

#[test]
fn a_member_of_another_kind_is_refused_by_name() {
    for (text, named) in [
        (r#"{"state":1}"#, "state must be a string of valid Unicode"),
        (r#"{"state":"\ud800"}"#, "state must be a string"),
        (r#"{"validateOnly":"true"}"#, "validateOnly must be true or false"),
        (r#"{"removeKeys":"a"}"#, "removeKeys must be a list"),
        (r#"{"removeKeys":["a",1]}"#, "removeKeys[1] must be a string"),
        (r#"{"requests":{}}"#, "requests must be a list"),
        (r#"{"requests":[{"valueJson":1}]}"#, "requests[0].valueJson must be a string"),
        (r#"{"requests":[[]]}"#, "requests[0] must be a JSON object"),
        (r#"{"requests":[null]}"#, "requests[0] must be a JSON object"),
        ("[]", "the body must be a JSON object"),
        ("{", "the body is not JSON"),
    ] {
        let parsed = parsed(&read::<All>(text).expect_err(text));
        assert_eq!(parsed["reason"], "MALFORMED_BODY");
        assert!(parsed["detail"].as_str().expect("text").contains(named), "{parsed}");
    }
}

#[test]
fn a_list_that_would_take_much_memory_is_not_read() {
    let list = |length: usize| format!(r#"{{"requests":[{}]}}"#, vec!["{}"; length].join(","));
    assert_eq!(read::<All>(&list(MAX_ITEMS)).expect("a list").requests.len(), MAX_ITEMS);
    let parsed = parsed(&read::<All>(&list(MAX_ITEMS + 1)).expect_err("too long"));
    let detail = "the request's number of updates may be at most 1000; this is 1001";
    assert_eq!((&parsed["reason"], &parsed["detail"]), (&"REQUEST_TOO_LARGE".into(), &detail.into()));
}

//! What the document says, in whose words.

use serde_json::Value;

use super::{contract::contract, document::document};
use crate::{body::Content as _, update_data::Update};

/// All descriptions in a part of the document, each with where it stands.
fn descriptions(part: &Value, at: &str, all: &mut Vec<(String, String)>) {
    match part {
        Value::Object(members) => {
            for (name, member) in members {
                if let ("description" | "detail", Some(text)) = (name.as_str(), member.as_str()) {
                    all.push((at.to_owned(), text.to_owned()));
                }
                descriptions(member, &format!("{at}/{name}"), all);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| descriptions(item, at, all)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn no_description_is_in_words_of_grpc() {
    let document = document(true);
    let mut all = Vec::new();
    descriptions(&document, "", &mut all);
    assert!(all.len() > 300, "{}", all.len());
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let messages = contract().message_names().filter(|name| !schemas.contains_key(*name));
    let others =
        ["RetryInfo", "ErrorInfo", "BadRequest", "over gRPC", "over REST", "doubles", "metadata", "trailer"];
    let foreign: Vec<&str> = messages.chain(others).collect();
    for (at, text) in all {
        let mut words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
        let is_foreign = |word: &str| foreign.contains(&word);
        let found = words
            .find(|word| is_foreign(word))
            .or_else(|| foreign.iter().copied().find(|it| it.contains(' ') && text.contains(it)));
        assert_eq!(found, None, "{at}: {text}");
        assert!(!text.contains(": see "), "{at}: {text}");
    }
}

#[test]
fn an_operation_says_what_its_own_form_can_be_asked_for() {
    let document = document(false);
    let described = |path: &str, method: &str| {
        document["paths"][path][method]["description"].as_str().unwrap_or_default().to_owned()
    };
    let form = described("/forms/{channelSessionId}", "put");
    let full = described("/channel-sessions/{channelSessionId}", "patch");
    let sentence = "Keys can be removed in the same step";
    assert!(
        full.contains(sentence) && !form.contains(sentence) && form.contains("in one atomic step"),
        "{form}"
    );
    // Of those that refuse what they do not know in a query, none says that it does not look.
    for operation in crate::operations() {
        let says = described(operation.path, &operation.method.as_str().to_ascii_lowercase());
        assert_eq!(says.contains("A query is not looked at."), operation.query.is_none(), "{}", operation.id);
    }
}

/// What is accepted of a caller's request id is what the document says of it.
#[test]
fn the_length_of_a_request_id_is_reported() {
    let document = document(false);
    let text = document["info"]["description"].as_str().expect("a text");
    assert!(text.contains(&format!("1 to {} visible ASCII", telemetry::call::MAX_REQUEST_ID)), "{text}");
}

/// A name as in the proto is taken and not in the schemas, which is reported; one in the schemas is taken.
#[test]
fn names_of_the_schemas_are_taken_and_the_others_are_reported() {
    let document = document(false);
    let schema = &document["components"]["schemas"]["UpdateDataRequest"];
    assert_eq!(schema["additionalProperties"], false);
    let members = schema["properties"].as_object().expect("members");
    for name in members.keys() {
        let body = format!(r#"{{"{name}": null}}"#);
        assert!(Update::read(body).is_ok(), "{name}");
    }
    assert!(members.contains_key("removeKeys") && !members.contains_key("remove_keys"));
    assert!(Update::read(r#"{"remove_keys": ["k"]}"#.to_owned()).is_ok());
    let text = document["info"]["description"].as_str().expect("a text");
    assert!(text.contains("`remove_keys` for `removeKeys`; the schemas have the latter alone"), "{text}");
}

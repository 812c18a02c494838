//! From a request's attributes to the domain's drafts, which are held to their rules there.

use channel_session_api::v1::Attribute;
use domain::{
    Error,
    attribute::{self, Draft, Member},
};
use json::{Path, Problem, Value};

use crate::value;

/// Takes the list in whichever of its two forms it was given.
///
/// # Errors
/// [`Error::MalformedBody`] if it was given in both, and those of [`attribute::drafts`].
pub(crate) fn drafts(list: Vec<Attribute>, text: Option<String>) -> Result<Vec<Draft>, Error> {
    match text {
        None => Ok(list.into_iter().map(draft).collect()),
        Some(text) if list.is_empty() => attribute::drafts(&text),
        Some(_) => {
            let message = "a request has either attributes or attributes_json, not both";
            Err(Error::MalformedBody(message.to_owned()))
        }
    }
}

/// A value that was given as a message.
pub(crate) fn from_message(value: prost_types::Value) -> Member<Value> {
    match value::json(value, &Path::root("")) {
        Ok(value) => Member::Given(value),
        Err(problem) => Member::Unreadable(vec![problem]),
    }
}

/// A value that was given as JSON text.
pub(crate) fn from_text(text: &str) -> Member<Value> {
    match json::syntax(text) {
        Ok(raw) => attribute::value(raw),
        Err(error) => Member::NotJson(error.to_string()),
    }
}

fn draft(attribute: Attribute) -> Draft {
    Draft {
        key: given(attribute.key),
        type_name: given(attribute.r#type),
        value: match (attribute.value, attribute.value_json) {
            (Some(value), None) => from_message(value),
            (None, Some(text)) => from_text(&text),
            (None, None) => Member::Missing,
            (Some(_), Some(_)) => Member::Unreadable(vec![Problem {
                path: String::new(),
                rule: "one_of",
                description: "must be given as value or as value_json, not as both".to_owned(),
            }]),
        },
        ..Draft::default()
    }
}

/// Text of protobuf is never absent, only empty.
fn given(text: String) -> Member<String> {
    if text.is_empty() { Member::Missing } else { Member::Given(text) }
}

//! From a request's attributes to the domain's.

use channel_session_api::v1::Attribute;
use domain::{
    Error,
    attribute::{self, Attributes, Draft, Member},
    json::{self, Path, Problem, Value},
    value_type::ValueRules,
};

use crate::value;

/// Takes the list in whichever of its two forms it was given.
pub(crate) fn parse(
    list: Vec<Attribute>,
    text: Option<String>,
    rules: ValueRules,
) -> Result<Attributes, Error> {
    match text {
        None => Attributes::check(list.into_iter().map(draft).collect(), rules),
        Some(text) if list.is_empty() => Attributes::parse(&text, rules),
        Some(_) => {
            let message = "a request has either attributes or attributes_json, not both";
            Err(Error::MalformedBody(message.to_owned()))
        }
    }
}

fn draft(attribute: Attribute) -> Draft {
    Draft {
        key: given(attribute.key),
        type_name: given(attribute.r#type),
        value: match (attribute.value, attribute.value_json) {
            (Some(value), None) => member(value::json(value, &Path::root(""))),
            (None, Some(text)) => from_text(&text),
            (None, None) => Member::Missing,
            (Some(_), Some(_)) => {
                unreadable("one_of", "must be given as value or as value_json, not as both")
            }
        },
        ..Draft::default()
    }
}

/// Text of protobuf is never absent, only empty.
fn given(text: String) -> Member<String> {
    if text.is_empty() { Member::Missing } else { Member::Given(text) }
}

fn from_text(text: &str) -> Member<Value> {
    match json::syntax(text) {
        Ok(raw) => match json::parse(raw, attribute::Attribute::MAX_VALUE_DEPTH, &Path::root("")) {
            Ok(value) => Member::Given(value),
            Err(problems) => Member::Unreadable(problems),
        },
        Err(error) => unreadable("json", &format!("must be JSON: {error}")),
    }
}

fn member(value: Result<Value, Problem>) -> Member<Value> {
    match value {
        Ok(value) => Member::Given(value),
        Err(problem) => Member::Unreadable(vec![problem]),
    }
}

fn unreadable<T>(rule: &'static str, description: &str) -> Member<T> {
    Member::Unreadable(vec![Problem { path: String::new(), rule, description: description.to_owned() }])
}

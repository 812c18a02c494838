//! From a list of attributes as JSON text to drafts, each with what could not be read of it.

use serde_json::value::RawValue;

use super::{Attribute, Attributes, Draft, Member, check};
use crate::error::Error;
use json::{NoItems, Path, Problem, Refused};

/// What callers send the list as.
const ITSELF: &str = "attributes_json";

/// Reads a list of attributes as JSON text. What is wrong within an attribute is left to the check, which reports it with
/// the rest.
///
/// # Errors
/// [`Error::MalformedBody`] if it is not JSON or not a list of objects, [`Error::RequestTooLarge`] if it holds more than
/// [`Attributes::MAX`].
pub fn drafts(text: &str) -> Result<Vec<Draft>, Error> {
    let raw =
        json::syntax(text).map_err(|error| Error::MalformedBody(format!("{ITSELF} is not JSON: {error}")))?;
    let not_a_list = || {
        Error::MalformedBody(format!(
            "{ITSELF} must be a JSON list of attributes, such as [{{\"key\": \"name\", \"type\": \"String2000\", \
             \"value\": \"Jane\"}}]"
        ))
    };
    let items = json::items(raw, Attributes::MAX).map_err(|none| match none {
        NoItems::NotAList => not_a_list(),
        NoItems::TooMany(found) => check::too_many(found),
    })?;
    items.into_iter().enumerate().map(|(at, item)| draft(item, at)).collect()
}

fn draft(raw: &RawValue, at: usize) -> Result<Draft, Error> {
    let members = match json::members(raw, &Path::root("")) {
        Some(Ok(members)) => members,
        Some(Err(problem)) => return Ok(Draft { problems: vec![problem], ..Draft::default() }),
        None => return Err(Error::MalformedBody(format!("attributes[{at}] must be an object"))),
    };
    let mut draft = Draft::default();
    for (name, raw) in members {
        // A member that is repeated counts with its last value, as everywhere in JSON here.
        match &*name {
            "key" => draft.key = string(raw),
            "type" => draft.type_name = string(raw),
            "value" => draft.value = value(raw),
            _ => draft.unknown.push(name.into_owned()),
        }
    }
    Ok(draft)
}

/// Reads a value as JSON text, as far as it may be long and deep.
pub fn value(raw: &RawValue) -> Member<json::Value> {
    let (max_depth, max_bytes) = (Attribute::MAX_VALUE_DEPTH, Attribute::MAX_VALUE_BYTES);
    match json::parse_within(raw.get(), max_depth, max_bytes, &Path::root("")) {
        Ok(value) => Member::Given(value.into_owned()),
        Err(Refused::Problems(problems)) => Member::Unreadable(problems),
        Err(Refused::TooLong(_)) => Member::Unreadable(vec![Problem {
            path: String::new(),
            rule: "size",
            description: format!("must take at most {max_bytes} bytes as JSON without white space"),
        }]),
    }
}

fn string(raw: &RawValue) -> Member<String> {
    match value(raw) {
        Member::Given(json::Value::String(text)) => Member::Given(text.into_owned()),
        Member::Given(other) => Member::Unreadable(vec![Problem {
            path: String::new(),
            rule: "type",
            description: format!("must be a string; this is {}", other.kind()),
        }]),
        Member::Unreadable(problems) => Member::Unreadable(problems),
        Member::NotJson(cause) => Member::NotJson(cause),
        Member::Missing => Member::Missing,
    }
}

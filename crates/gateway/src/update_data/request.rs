//! An `UpdateDataRequest` as JSON, and the message that it becomes.

use channel_session_api::v1::{AttributePrecondition, UpdateDataRequest, attribute_precondition::Expected};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    body::{self, Content, malformed},
    headers::{Preference, View},
    problem::Problem,
};

/// The request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Update {
    channel_session_id: String,
    /// The list that legacy callers send too, `{key, type, value}` each, which goes on as its text.
    attributes: Option<Box<RawValue>>,
    /// The same list, as a text in a string.
    attributes_json: Option<String>,
    view: Option<View>,
    etag: String,
    request_id: String,
    validate_only: bool,
    remove_keys: Vec<String>,
    preconditions: Vec<Precondition>,
}

/// What an attribute has to be: one of `value`, `valueJson` and `absent`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Precondition {
    key: String,
    /// Null means null.
    #[serde(deserialize_with = "body::any")]
    value: Option<Box<RawValue>>,
    value_json: Option<String>,
    absent: Option<bool>,
}

impl Content for Update {
    fn read(text: String) -> Result<Self, Problem> {
        body::from_json(&text)
    }
}

impl Update {
    /// The message. `within` is what stands before the names of members, for problems.
    pub(crate) fn into_request(
        self,
        within: &str,
        preference: &Preference,
    ) -> Result<UpdateDataRequest, Problem> {
        let preconditions = self.preconditions.into_iter().enumerate();
        let preconditions =
            preconditions.map(|(at, it)| it.into_message(&format!("{within}preconditions[{at}]")));
        Ok(UpdateDataRequest {
            channel_session_id: self.channel_session_id,
            attributes: Vec::new(),
            attributes_json: match (self.attributes, self.attributes_json) {
                (Some(_), Some(_)) => {
                    return Err(malformed("a request has either attributes or attributesJson, not both"));
                }
                (Some(list), None) if !list.get().starts_with('[') => {
                    return Err(malformed(format!("{within}attributes must be a list")));
                }
                (list, text) => list.map(text_of).or(text),
            },
            view: preference.view(self.view),
            etag: self.etag,
            request_id: self.request_id,
            validate_only: self.validate_only,
            remove_keys: self.remove_keys,
            preconditions: preconditions.collect::<Result<_, _>>()?,
        })
    }
}

impl Precondition {
    fn into_message(self, place: &str) -> Result<AttributePrecondition, Problem> {
        let value = self.value.map(text_of).map(Expected::ValueJson);
        let text = self.value_json.map(Expected::ValueJson);
        let mut expected = [value, text, self.absent.map(Expected::Absent)].into_iter().flatten();
        match (expected.next(), expected.next()) {
            (expected, None) => Ok(AttributePrecondition { key: self.key, expected }),
            (_, Some(_)) => {
                Err(malformed(format!("{place} must have one of value, valueJson and absent, not several")))
            }
        }
    }
}

fn text_of(raw: Box<RawValue>) -> String {
    Box::<str>::from(raw).into()
}

#[cfg(test)]
mod tests;

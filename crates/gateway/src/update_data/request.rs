//! An `UpdateDataRequest` as JSON, and the message that it becomes.

use channel_session_api::v1::{
    self as api, AttributePrecondition, UpdateDataRequest, attribute_precondition::Expected,
};
use domain::attribute::Attributes;
use json::Path;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    body::{self, Content, malformed},
    headers::{Preference, View},
    openapi::rules,
    problem::Problem,
};

/// What to attach to a session, what to remove from it, and what is required of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "UpdateDataRequest", transform = rules::one_list)]
pub(crate) struct Update {
    #[schemars(schema_with = "rules::id_or_nothing")]
    channel_session_id: String,
    /// What to attach, in order. An empty list changes nothing, of a session that exists and is active.
    // The list that legacy callers send too goes on as its text; here an attribute may have `valueJson` in place of `value`.
    #[schemars(with = "Vec<Attribute>", length(max = Attributes::MAX))]
    attributes: Option<Box<RawValue>>,
    /// The same list as a text in a string, in place of `attributes`.
    #[schemars(length(min = 1))]
    attributes_json: Option<String>,
    view: Option<View>,
    #[schemars(schema_with = "rules::etag_or_nothing")]
    etag: String,
    #[schemars(schema_with = "rules::request_id_or_nothing")]
    request_id: String,
    validate_only: bool,
    #[schemars(schema_with = "rules::keys")]
    remove_keys: Vec<String>,
    #[schemars(length(max = domain::precondition::Precondition::MAX))]
    preconditions: Vec<Precondition>,
}

/// An attribute: one of `value` and `valueJson`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AttributeInFull", transform = rules::one_value)]
struct Attribute {
    #[schemars(schema_with = "rules::key")]
    key: String,
    #[schemars(schema_with = "rules::value_type")]
    r#type: String,
    /// The value: any JSON that fits the type, up to 64 KiB without white space and 32 levels deep. Numbers are exact, and
    /// null means null.
    #[serde(deserialize_with = "body::any")]
    #[schemars(with = "serde_json::Value")]
    value: Option<Box<RawValue>>,
    /// The value as JSON text, in place of `value`.
    #[schemars(length(min = 1))]
    value_json: Option<String>,
}

/// What an attribute has to be: one of `value`, `valueJson` and `absent`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AttributePrecondition", transform = rules::one_expectation)]
struct Precondition {
    #[schemars(schema_with = "rules::key")]
    key: String,
    /// Every entry with the key has this value. Null means null.
    #[serde(deserialize_with = "body::any")]
    #[schemars(with = "serde_json::Value")]
    value: Option<Box<RawValue>>,
    #[schemars(length(min = 1))]
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
        let (attributes, attributes_json) = match (self.attributes, self.attributes_json) {
            (Some(_), Some(_)) => {
                return Err(malformed("a request has either attributes or attributesJson, not both"));
            }
            (Some(list), None) => attributes(list, &format!("{within}attributes"))?,
            (None, text) => (Vec::new(), text),
        };
        let preconditions = self.preconditions.into_iter().enumerate();
        let preconditions =
            preconditions.map(|(at, it)| it.into_message(&format!("{within}preconditions[{at}]")));
        Ok(UpdateDataRequest {
            channel_session_id: self.channel_session_id,
            attributes,
            attributes_json,
            view: preference.view(self.view),
            etag: self.etag,
            request_id: self.request_id,
            validate_only: self.validate_only,
            remove_keys: self.remove_keys,
            preconditions: preconditions.collect::<Result<_, _>>()?,
        })
    }
}

/// A list as the service takes it: as its text, of which it reports all that is wrong; or as messages, where an
/// attribute has the `valueJson` that the text of a list has not.
fn attributes(list: Box<RawValue>, place: &str) -> Result<(Vec<api::Attribute>, Option<String>), Problem> {
    if !list.get().starts_with('[') {
        return Err(malformed(format!("{place} must be a list")));
    }
    if !has_value_json(&list) {
        return Ok((Vec::new(), Some(text_of(list))));
    }
    let attributes: Vec<Attribute> = body::from_json_at(place, list.get())?;
    let attributes = attributes.into_iter().enumerate();
    let messages = attributes.map(|(at, it)| it.into_message(&format!("{place}[{at}]")));
    Ok((messages.collect::<Result<_, _>>()?, None))
}

fn has_value_json(list: &RawValue) -> bool {
    // The service refuses a longer one, whatever is in it.
    let items = json::items(list, Attributes::MAX).unwrap_or_default().into_iter();
    let mut members = items.filter_map(|item| json::members(item, &Path::root(""))?.ok()).flatten();
    members.any(|(name, _)| matches!(&*name, "valueJson" | "value_json"))
}

impl Attribute {
    fn into_message(self, place: &str) -> Result<api::Attribute, Problem> {
        if self.value.is_some() && self.value_json.is_some() {
            return Err(malformed(format!("{place} must have one of value and valueJson, not both")));
        }
        let value_json = self.value.map(text_of).or(self.value_json);
        Ok(api::Attribute { key: self.key, r#type: self.r#type, value_json, ..api::Attribute::default() })
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

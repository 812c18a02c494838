//! From an `UpdateDataRequest` as JSON to the message.

use channel_session_api::v1::{
    AttributePrecondition, ChannelSessionView, UpdateDataRequest, attribute_precondition::Expected,
};
use serde_json::value::RawValue;

use crate::{
    members::{self, Members, malformed},
    problem::Problem,
};

/// Reads the request's members. `preconditions` is where those of attributes are, for messages.
pub(crate) fn read(members: &mut Members<'_>, preconditions: &str) -> Result<UpdateDataRequest, Problem> {
    Ok(UpdateDataRequest {
        channel_session_id: members.text("channelSessionId")?,
        attributes: Vec::new(),
        attributes_json: attributes(members)?,
        view: ChannelSessionView::Json.into(),
        etag: members.text("etag")?,
        request_id: members.text("requestId")?,
        validate_only: members.flag("validateOnly")?,
        remove_keys: members.texts("removeKeys")?,
        preconditions: {
            let list = members.list("preconditions")?.into_iter().enumerate();
            list.map(|(at, raw)| precondition(raw, &format!("{preconditions}[{at}]")))
                .collect::<Result<_, _>>()?
        },
    })
}

fn attributes(members: &mut Members<'_>) -> Result<Option<String>, Problem> {
    match (members.list_text("attributes")?, members.optional_text("attributesJson")?) {
        (Some(_), Some(_)) => {
            Err(malformed("a request has either attributes or attributesJson, not both".to_owned()))
        }
        (list, text) => Ok(list.or(text)),
    }
}

fn precondition(raw: &RawValue, place: &str) -> Result<AttributePrecondition, Problem> {
    members::of(raw, place, |members| {
        let key = members.text("key")?;
        let value = members.any("value")?.map(|raw| Expected::ValueJson(raw.get().to_owned()));
        let text = members.optional_text("valueJson")?.map(Expected::ValueJson);
        let absent = members.optional_flag("absent")?.map(Expected::Absent);
        let mut expected = [value, text, absent].into_iter().flatten();
        match (expected.next(), expected.next()) {
            (expected, None) => Ok(AttributePrecondition { key, expected }),
            (_, Some(_)) => {
                Err(malformed(format!("{place} must have one of value, valueJson and absent, not several")))
            }
        }
    })
}

#[cfg(test)]
mod tests;

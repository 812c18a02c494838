//! What a session is where it is not as required, as members of a problem.

use channel_session_api::v1::MismatchDetails;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::attribute;

/// The session's revision; and, where an attribute is meant, what that is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mismatch {
    revision: i64,
    etag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    key: Option<String>,
    /// Null where there is no such attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Present>")]
    present: Option<Option<Present>>,
    /// Whether the value was too large to be included.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    value_omitted: bool,
}

/// The attribute as it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PresentAttribute")]
struct Present {
    key: String,
    /// Null where the stored one is no text.
    r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value")]
    value: Option<Box<RawValue>>,
}

impl From<MismatchDetails> for Mismatch {
    fn from(details: MismatchDetails) -> Self {
        // No attribute has an empty key: without one, it is the revision that is not as required.
        let of_attribute = !details.key.is_empty();
        let present = details.present.map(|attribute| Present {
            value: attribute::value(&attribute),
            key: attribute.key,
            r#type: (!attribute.r#type.is_empty()).then_some(attribute.r#type),
        });
        Self {
            revision: details.revision,
            etag: details.etag,
            key: of_attribute.then_some(details.key),
            present: of_attribute.then_some(present),
            value_omitted: details.value_omitted,
        }
    }
}

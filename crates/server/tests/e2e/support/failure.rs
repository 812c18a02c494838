//! What a failed call says, over gRPC and over REST.

use channel_session_api::v1::{self, MismatchDetails};
use http::StatusCode;
use prost::Message;
use serde_json::Value;
use tonic::{Code, Status};
use tonic_types::pb;

use super::{document, json};

/// The part that both transports carry alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) detail: String,
    pub(crate) violations: Vec<Violation>,
    /// How many violations there are, also those that are not listed.
    pub(crate) total: usize,
    pub(crate) outcome_unknown: bool,
    pub(crate) mismatch: Option<Box<Mismatch>>,
}

/// What the session is, where it is not as required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) revision: i64,
    pub(crate) etag: String,
    /// The attribute that is meant, if one is.
    pub(crate) key: Option<String>,
    /// The attribute as it is: its key, its type, and its value's text, if that is included.
    pub(crate) present: Option<(String, String, Option<String>)>,
    pub(crate) value_omitted: bool,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) field: String,
    pub(crate) key: String,
    pub(crate) rule: String,
    pub(crate) description: String,
}

impl Failure {
    pub(crate) fn from_status(status: &Status) -> Self {
        assert_ne!(status.code(), Code::Ok);
        let mut trailers = http::HeaderMap::new();
        status.add_header(&mut trailers).unwrap();
        let size: usize = trailers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 3 * 1024, "the trailers take {size} bytes");
        let details = pb::Status::decode(status.details()).unwrap();
        assert_eq!((details.code, &*details.message), (status.code().into(), status.message()));
        let find = |name: &str| details.details.iter().find(|any| any.type_url.ends_with(name));
        let info = find("google.rpc.ErrorInfo").unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
        let info = pb::ErrorInfo::decode(&*info.value).unwrap();
        assert_eq!(info.domain, "channelsession.v1");
        let fields = find("google.rpc.BadRequest")
            .map(|any| pb::BadRequest::decode(&*any.value).unwrap().field_violations)
            .unwrap_or_default();
        let violation = |violation: pb::bad_request::FieldViolation| {
            // Named after the attribute: `attributes_1_key` for `attributes[1].value`.
            let attribute = violation.field.split(']').next().unwrap_or_default().replace('[', "_");
            let key = info.metadata.get(&format!("{attribute}_key")).cloned().unwrap_or_default();
            let (field, rule, description) = (violation.field, violation.reason, violation.description);
            Violation { field, key, rule, description }
        };
        Self {
            violations: fields.into_iter().map(violation).collect(),
            reason: info.reason,
            detail: status.message().to_owned(),
            total: info.metadata.get("violations_total").map_or(0, |total| total.parse().unwrap()),
            outcome_unknown: info.metadata.get("outcome").is_some_and(|outcome| outcome == "unknown"),
            mismatch: find("channelsession.v1.MismatchDetails")
                .map(|any| Box::new(MismatchDetails::decode(&*any.value).unwrap().into())),
        }
    }

    /// What became of one of many updates.
    pub(crate) fn from_failure(failure: v1::Failure) -> Self {
        let reason = failure.reason().as_str_name().strip_prefix("REASON_").unwrap().to_owned();
        let violations = failure.violations.into_iter().map(|it| Violation {
            field: it.field,
            key: it.key,
            rule: it.rule,
            description: it.description,
        });
        let violations: Vec<_> = violations.collect();
        Self {
            reason,
            detail: failure.message,
            total: violations.len(),
            violations,
            outcome_unknown: failure.outcome_unknown,
            mismatch: failure.mismatch.map(|details| Box::new(details.into())),
        }
    }

    pub(crate) fn from_problem(status: StatusCode, body: &str) -> Self {
        let problem: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!(problem["status"], status.as_u16(), "{body}");
        assert!(problem["title"].is_string(), "{body}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let violations: Vec<_> = problem["violations"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .map(|violation| Violation {
                field: text(&violation["field"]),
                key: text(&violation["key"]),
                rule: text(&violation["rule"]),
                description: text(&violation["description"]),
            })
            .collect();
        let listed = violations.len();
        Self {
            reason: text(&problem["reason"]),
            detail: text(&problem["detail"]),
            violations,
            total: problem["violationsTotal"]
                .as_u64()
                .map_or(listed, |total| usize::try_from(total).unwrap()),
            outcome_unknown: problem["outcome"] == "unknown",
            mismatch: problem["revision"].is_i64().then(|| Box::new(Mismatch::from_problem(body))),
        }
    }

    /// The same with the names that a caller over REST knows: of headers, where what has one was sent as such.
    pub(crate) fn in_words_of_rest(mut self, has_headers: bool) -> Self {
        let names = [
            ("remove_keys", "removeKeys"),
            ("etag", if has_headers { "If-Match" } else { "etag" }),
            ("request_id", if has_headers { "Idempotency-Key" } else { "requestId" }),
            ("channel_session_id", "channelSessionId"),
            ("conversation_id", "conversationId"),
            ("customer_id", "customerId"),
            ("channel_type", "channelType"),
            ("page_size", "pageSize"),
            ("next_page_token", "nextPageToken"),
            ("page_token", "pageToken"),
            ("reason_code", "reasonCode"),
            ("value_json", "valueJson"),
            ("attributes_json", if has_headers { "the body" } else { "attributesJson" }),
            ("the request id", if has_headers { "the Idempotency-Key" } else { "the requestId" }),
            ("keys[0]", "key"),
            ("keys[1]", "key"),
        ];
        // The document is the body, where it is not one of the members in it.
        if self.violations.first().is_some_and(|it| it.field == "document") {
            self.violations[0].field = "body".to_owned();
            self.detail = self.detail.replacen("document", "body", 1);
        }
        for (field, name) in names {
            for text in self.violations.iter_mut().flat_map(|it| [&mut it.field, &mut it.description]) {
                *text = text.replace(field, name);
            }
            self.detail = self.detail.replace(field, name);
        }
        self
    }

    /// Field, key and rule of each violation.
    pub(crate) fn rules(&self) -> Vec<(&str, &str, &str)> {
        self.violations.iter().map(|it| (&*it.field, &*it.key, &*it.rule)).collect()
    }
}

impl From<MismatchDetails> for Mismatch {
    fn from(details: MismatchDetails) -> Self {
        let present = details.present.map(|attribute| {
            let value = document::value_text(&attribute);
            (attribute.key, attribute.r#type, value)
        });
        Self {
            revision: details.revision,
            etag: details.etag,
            key: (!details.key.is_empty()).then_some(details.key),
            present,
            value_omitted: details.value_omitted,
        }
    }
}

impl Mismatch {
    /// Reads the members, and a value's text as it stands there.
    fn from_problem(body: &str) -> Self {
        let problem = json(body);
        let member = |name: &str| problem.as_object().unwrap().get(name);
        let text = |value: &json::Value| value.as_str().unwrap_or_default().to_owned();
        let present = member("present").and_then(json::Value::as_object).map(|present| {
            let value = present.get("value").map(json::Value::to_text);
            (text(present.get("key").unwrap()), text(present.get("type").unwrap()), value)
        });
        // An attribute that is absent is reported, too.
        assert_eq!(member("key").is_some(), member("present").is_some(), "{body}");
        Self {
            revision: member("revision").unwrap().to_text().parse().unwrap(),
            etag: text(member("etag").unwrap()),
            key: member("key").map(text),
            present,
            value_omitted: member("valueOmitted").is_some_and(|it| it.to_text() == "true"),
        }
    }
}

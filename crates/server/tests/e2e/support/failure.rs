//! What a failed call says, over gRPC and over REST.

use channel_session_api::v1::ViolationDetails;
use http::StatusCode;
use prost::Message;
use serde_json::Value;
use tonic::{Code, Status};
use tonic_types::pb;

/// The part that both transports carry alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) detail: String,
    pub(crate) violations: Vec<Violation>,
    /// How many violations there are, also those that are not listed.
    pub(crate) total: usize,
    pub(crate) outcome_unknown: bool,
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
        assert!(status.details().len() <= 4096, "the details take {} bytes", status.details().len());
        let details = pb::Status::decode(status.details()).unwrap();
        assert_eq!((details.code, &*details.message), (status.code().into(), status.message()));
        let find = |name: &str| details.details.iter().find(|any| any.type_url.ends_with(name));
        let info = find("google.rpc.ErrorInfo").unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
        let info = pb::ErrorInfo::decode(&*info.value).unwrap();
        assert_eq!(info.domain, "channelsession.v1");
        let fields = find("google.rpc.BadRequest")
            .map(|any| pb::BadRequest::decode(&*any.value).unwrap().field_violations)
            .unwrap_or_default();
        let more = find("channelsession.v1.ViolationDetails")
            .map(|any| ViolationDetails::decode(&*any.value).unwrap().violations)
            .unwrap_or_default();
        assert_eq!(fields.len(), more.len());
        let violation =
            |(field, more): (pb::bad_request::FieldViolation, channel_session_api::v1::ViolationDetail)| {
                Violation {
                    field: field.field,
                    key: more.key,
                    rule: more.rule,
                    description: field.description,
                }
            };
        Self {
            reason: info.reason,
            detail: status.message().to_owned(),
            violations: fields.into_iter().zip(more).map(violation).collect(),
            total: info.metadata.get("violations_total").map_or(0, |total| total.parse().unwrap()),
            outcome_unknown: info.metadata.get("outcome").is_some_and(|outcome| outcome == "unknown"),
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
        }
    }

    /// Field, key and rule of each violation.
    pub(crate) fn rules(&self) -> Vec<(&str, &str, &str)> {
        self.violations.iter().map(|it| (&*it.field, &*it.key, &*it.rule)).collect()
    }
}

//! What the service tells of a failure beside its code and its message: in a status's details, or in the failure of one
//! of many updates.

use std::time::Duration;

use channel_session_api::v1::{self as api, Failure, MismatchDetails};
use domain::Reason;
use grpc::status;
use prost::Message;
use serde::Serialize;
use tonic::Status;
use tonic_types::pb;

/// What is told beside a code and a message.
#[derive(Default)]
pub(super) struct Details {
    /// None where it is not the service that tells it.
    pub(super) reason: Option<Reason>,
    pub(super) violations: Vec<Violation>,
    /// How many there are, also those that did not fit.
    pub(super) violations_total: Option<usize>,
    pub(super) mismatch: Option<MismatchDetails>,
    pub(super) outcome_unknown: bool,
    pub(super) retry_after: Option<Duration>,
}

/// One broken rule.
#[derive(Debug, Serialize)]
pub(super) struct Violation {
    pub(super) field: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    key: String,
    rule: String,
    pub(super) description: String,
}

impl From<&Status> for Details {
    fn from(status: &Status) -> Self {
        let mut details = Self::default();
        let mut info = pb::ErrorInfo::default();
        let mut bad_request = pb::BadRequest::default();
        for any in pb::Status::decode(status.details()).unwrap_or_default().details {
            match any.type_url.rsplit('/').next().unwrap_or_default() {
                "google.rpc.ErrorInfo" => info = pb::ErrorInfo::decode(&*any.value).unwrap_or_default(),
                "google.rpc.BadRequest" => {
                    bad_request = pb::BadRequest::decode(&*any.value).unwrap_or_default();
                }
                "google.rpc.RetryInfo" => {
                    let delay = pb::RetryInfo::decode(&*any.value).unwrap_or_default().retry_delay;
                    details.retry_after = delay.and_then(|delay| delay.try_into().ok());
                }
                status::MISMATCH_DETAILS => details.mismatch = MismatchDetails::decode(&*any.value).ok(),
                _ => {}
            }
        }
        let metadata = |name: &str| info.metadata.get(name).map(String::as_str);
        details.reason = Reason::from_wire(&info.reason);
        details.outcome_unknown = metadata(status::OUTCOME) == Some(status::OUTCOME_UNKNOWN);
        details.violations_total = metadata(status::VIOLATIONS_TOTAL).and_then(|total| total.parse().ok());
        details.violations = bad_request
            .field_violations
            .into_iter()
            .map(|violation| {
                let key = metadata(&status::key_name(&violation.field)).unwrap_or_default().to_owned();
                let (field, rule, description) = (violation.field, violation.reason, violation.description);
                Violation { field, key, rule, description }
            })
            .collect();
        details
    }
}

impl From<Failure> for Details {
    fn from(failure: Failure) -> Self {
        let violations =
            failure.violations.into_iter().map(|api::Violation { field, key, rule, description }| {
                Violation { field, key, rule, description }
            });
        Self {
            reason: api::Reason::try_from(failure.reason).ok().and_then(known),
            violations: violations.collect(),
            violations_total: None,
            mismatch: failure.mismatch,
            outcome_unknown: failure.outcome_unknown,
            retry_after: None,
        }
    }
}

/// The reason that the enum's value stands for: its name without the prefix.
fn known(reason: api::Reason) -> Option<Reason> {
    Reason::from_wire(reason.as_str_name().strip_prefix("REASON_")?)
}

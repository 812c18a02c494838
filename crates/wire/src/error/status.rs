//! An error as a gRPC status, whose details are messages of `google.rpc` and one of the contract's own.

use std::collections::HashMap;

use channel_session_api::v1::MismatchDetails;
use domain::{Outcome, Reason};
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::pb;

use super::{ERROR_DOMAIN, ErrorReply, OUTCOME_UNKNOWN, Violation, table, violation};

pub(super) const ERROR_INFO: &str = "google.rpc.ErrorInfo";
pub(super) const BAD_REQUEST: &str = "google.rpc.BadRequest";
const RETRY_INFO: &str = "google.rpc.RetryInfo";

/// The full name of the detail that says what a session is, where it is not as required.
pub(super) const MISMATCH_DETAILS: &str = "channelsession.v1.MismatchDetails";

/// ErrorInfo's metadata: how many violations there are, also those that did not fit.
pub(super) const VIOLATIONS_TOTAL: &str = "violations_total";

/// ErrorInfo's metadata: [`OUTCOME_UNKNOWN`] where a change may have been made.
const OUTCOME: &str = "outcome";

impl ErrorReply {
    /// The status, whole: [`super::bound`] cuts it to what may go out as trailers.
    #[must_use]
    pub fn to_status(&self) -> Status {
        self.to_status_with(table::code(self.reason))
    }

    /// The status of what another protocol on the same port refuses, with the code that it asks for.
    #[must_use]
    pub fn to_status_with(&self, code: Code) -> Status {
        let mut details = vec![any(ERROR_INFO, &self.info())];
        if let Some(delay) = self.retry_after {
            details.push(any(RETRY_INFO, &pb::RetryInfo { retry_delay: delay.try_into().ok() }));
        }
        if !self.violations.is_empty() {
            let field_violations = self.violations.iter().map(Violation::to_field_violation).collect();
            details.push(any(BAD_REQUEST, &pb::BadRequest { field_violations }));
        }
        if let Some(mismatch) = &self.mismatch {
            details.push(any(MISMATCH_DETAILS, mismatch));
        }
        with_details(code, &self.message, details)
    }

    fn info(&self) -> pb::ErrorInfo {
        let mut metadata: HashMap<_, _> = violation::keys(&self.violations).collect();
        if self.violations_total > 0 {
            metadata.insert(VIOLATIONS_TOTAL.to_owned(), self.violations_total.to_string());
        }
        if self.outcome == Outcome::Unknown {
            metadata.insert(OUTCOME.to_owned(), OUTCOME_UNKNOWN.to_owned());
        }
        pb::ErrorInfo { reason: self.reason.as_str().to_owned(), domain: ERROR_DOMAIN.to_owned(), metadata }
    }

    /// What a status says; none where it is not the service that made it, or with a reason that is not known here.
    #[must_use]
    pub fn from_status(status: &Status) -> Option<Self> {
        let (mut info, mut bad_request) = (pb::ErrorInfo::default(), pb::BadRequest::default());
        let (mut retry_after, mut mismatch) = (None, None);
        for any in pb::Status::decode(status.details()).unwrap_or_default().details {
            let value = &*any.value;
            match any.type_url.rsplit('/').next().unwrap_or_default() {
                ERROR_INFO => info = pb::ErrorInfo::decode(value).unwrap_or_default(),
                BAD_REQUEST => bad_request = pb::BadRequest::decode(value).unwrap_or_default(),
                RETRY_INFO => {
                    let delay = pb::RetryInfo::decode(value).unwrap_or_default().retry_delay;
                    retry_after = delay.and_then(|delay| delay.try_into().ok());
                }
                MISMATCH_DETAILS => mismatch = MismatchDetails::decode(value).ok(),
                _ => {}
            }
        }
        let reason = Reason::from_wire(&info.reason).filter(|_| info.domain == ERROR_DOMAIN)?;
        let reply = Self::new(reason, status.message());
        let metadata = |name: &str| info.metadata.get(name).map(String::as_str);
        let outcome =
            if metadata(OUTCOME) == Some(OUTCOME_UNKNOWN) { Outcome::Unknown } else { Outcome::NotApplied };
        let total = metadata(VIOLATIONS_TOTAL).and_then(|total| total.parse().ok());
        let violations = bad_request.field_violations.into_iter();
        let violations: Vec<_> =
            violations.map(|it| Violation::from_field_violation(it, &info.metadata)).collect();
        Some(Self {
            violations_total: total.unwrap_or(violations.len()),
            violations,
            mismatch,
            outcome,
            retry_after: retry_after.or(reply.retry_after),
            ..reply
        })
    }
}

/// A status with these details.
pub(super) fn with_details(code: Code, message: &str, details: Vec<Any>) -> Status {
    let status = pb::Status { code: code.into(), message: message.to_owned(), details };
    Status::with_details(code, message, status.encode_to_vec().into())
}

pub(super) fn any(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
}

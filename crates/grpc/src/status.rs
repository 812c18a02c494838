//! The only place where an error becomes a gRPC status, or the failure of one of many updates.

mod failure;
mod mismatch;
mod trailers;
mod violations;

use std::{collections::HashMap, time::Duration};

use channel_session_api::v1::MismatchDetails;
use domain::{Error, Outcome, Reason, violation::Violation};
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::pb;

pub(crate) use failure::failure;
pub(crate) use mismatch::omit_present;
pub use trailers::{MAX_TRAILER_BYTES, bound};
pub use violations::key_name;

/// The domain that the reasons in `google.rpc.ErrorInfo` belong to.
pub const ERROR_DOMAIN: &str = "channelsession.v1";

/// `google.rpc.ErrorInfo` metadata: how many violations there are, also those that did not fit.
pub const VIOLATIONS_TOTAL: &str = "violations_total";

/// `google.rpc.ErrorInfo` metadata: set to [`OUTCOME_UNKNOWN`] where a change may have been made.
pub const OUTCOME: &str = "outcome";

/// The full name of the detail that says what a session is, where it is not as required.
pub const MISMATCH_DETAILS: &str = "channelsession.v1.MismatchDetails";

/// The full name of the detail that carries the reason and the metadata.
const ERROR_INFO: &str = "google.rpc.ErrorInfo";

/// The full name of the detail that carries the violations.
const BAD_REQUEST: &str = "google.rpc.BadRequest";

/// See [`OUTCOME`].
pub const OUTCOME_UNKNOWN: &str = "unknown";

/// The status for an error, whole: [`bound`] cuts it to what may go out as trailers. What is a defect is logged here, once,
/// with its cause; the caller is told none of it.
#[must_use]
pub fn from_error(error: &Error) -> Status {
    log(error);
    let mut info = HashMap::new();
    if error.outcome() == Outcome::Unknown {
        info.insert(OUTCOME.to_owned(), OUTCOME_UNKNOWN.to_owned());
    }
    let reason = error.reason();
    let (violations, mismatch) = (error.violations(), mismatch::of(error));
    build(code(reason), reason, &error.to_string(), info, violations, mismatch)
}

/// Logs an error that is none of the caller's making, with the cause that the caller is not told.
pub(crate) fn log(error: &Error) {
    if let Error::Internal(cause) = error {
        tracing::error!(%cause, "internal error");
    } else if let Error::StoreUnavailable { cause, .. } = error {
        tracing::warn!(%cause, "the store is away");
    }
}

/// The status for what is refused before it comes to a call: no violations, no outcome.
#[must_use]
pub fn from_reason(reason: Reason, message: &str) -> Status {
    with_code(code(reason), reason, message)
}

/// The status for what another protocol on the same port refuses, with the code that it asks for.
#[must_use]
pub fn with_code(code: Code, reason: Reason, message: &str) -> Status {
    build(code, reason, message, HashMap::new(), &[], None)
}

/// The gRPC code that goes with a reason. Reasons of REST alone have the code of their nearest kin.
#[must_use]
pub fn code(reason: Reason) -> Code {
    match reason {
        Reason::ChannelSessionIdRequired
        | Reason::InvalidChannelSessionId
        | Reason::BodyRequired
        | Reason::MalformedBody
        | Reason::InvalidAttributes
        | Reason::TooManyAttributes
        | Reason::InvalidDocument
        | Reason::DocumentTooLarge
        | Reason::RequestIdReused
        | Reason::InvalidParameter => Code::InvalidArgument,
        Reason::ChannelSessionNotFound => Code::NotFound,
        Reason::NotFound | Reason::MethodNotAllowed | Reason::UnsupportedMediaType => Code::Unimplemented,
        Reason::ChannelSessionExists => Code::AlreadyExists,
        Reason::ChannelSessionNotActive | Reason::ChannelDataMalformed => Code::FailedPrecondition,
        Reason::AttributeMismatch | Reason::RevisionMismatch => Code::Aborted,
        Reason::RequestTooLarge | Reason::PositionExpired => Code::OutOfRange,
        Reason::Overloaded => Code::ResourceExhausted,
        Reason::Cancelled => Code::Cancelled,
        Reason::Internal => Code::Internal,
        Reason::StoreUnavailable => Code::Unavailable,
        Reason::DeadlineExceeded => Code::DeadlineExceeded,
    }
}

/// When to try again, for what may pass.
#[must_use]
pub fn retry_delay(reason: Reason) -> Option<Duration> {
    if reason == Reason::Overloaded {
        Some(Duration::from_secs(1))
    } else if reason == Reason::StoreUnavailable {
        Some(Duration::from_secs(2))
    } else {
        None
    }
}

fn build(
    code: Code,
    reason: Reason,
    message: &str,
    mut info: HashMap<String, String>,
    violations: &[Violation],
    mismatch: Option<MismatchDetails>,
) -> Status {
    if !violations.is_empty() {
        info.insert(VIOLATIONS_TOTAL.to_owned(), violations.len().to_string());
        info.extend(violations::keys(violations));
    }
    let info =
        pb::ErrorInfo { reason: reason.as_str().to_owned(), domain: ERROR_DOMAIN.to_owned(), metadata: info };
    let mut details = vec![any(ERROR_INFO, &info)];
    if let Some(delay) = retry_delay(reason) {
        let retry = pb::RetryInfo { retry_delay: delay.try_into().ok() };
        details.push(any("google.rpc.RetryInfo", &retry));
    }
    if !violations.is_empty() {
        let field_violations = violations.iter().map(violations::field_violation).collect();
        details.push(any(BAD_REQUEST, &pb::BadRequest { field_violations }));
    }
    if let Some(mismatch) = mismatch {
        details.push(any(MISMATCH_DETAILS, &mismatch));
    }
    let status = pb::Status { code: code.into(), message: message.to_owned(), details };
    Status::with_details(code, message, status.encode_to_vec().into())
}

fn any(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
}

#[cfg(test)]
mod tests;

//! Where an error leaves as a gRPC status, or as the failure of one of many updates. What is a defect is logged here,
//! once, with its cause; the caller gets none of it.

use channel_session_api::v1::Failure;
use domain::{Error, Reason};
use tonic::{Code, Status};
use wire::error::ErrorReply;

pub(crate) use telemetry::error as log;
pub(crate) use wire::error::{bound, omit_present};

/// The status for an error, whole: [`bound`] cuts it to what may go out as trailers.
pub(crate) fn from_error(error: &Error) -> Status {
    log(error);
    ErrorReply::from(error).to_status()
}

/// The status for what is refused before it comes to a call: no violations, no outcome.
pub(crate) fn from_reason(reason: Reason, message: &str) -> Status {
    ErrorReply::new(reason, message).to_status()
}

/// The status for what another protocol on the same port refuses, with the code that it asks for.
pub(crate) fn with_code(code: Code, reason: Reason, message: &str) -> Status {
    ErrorReply::new(reason, message).to_status_with(code)
}

/// The failure for an error. The log is the caller's to write, who knows how many fail alike.
pub(crate) fn failure(error: &Error) -> Failure {
    ErrorReply::from(error).into()
}

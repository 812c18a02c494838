//! What a caller gets for an error: one form between the domain's error, gRPC's status, the failure of one of many
//! updates and the gateway's problem. Nothing is logged here: that is for those who answer.

mod failure;
mod mismatch;
mod status;
mod table;
mod trailers;
mod violation;

use std::time::Duration;

use channel_session_api::v1::MismatchDetails;
use domain::{Error, Outcome, Reason};

pub use mismatch::omit_present;
pub use table::{code, http_status};
pub use trailers::{MAX_TRAILER_BYTES, bound};
pub use violation::Violation;

use crate::MAX_VIOLATIONS;

/// The domain that the reasons in `google.rpc.ErrorInfo` belong to.
pub const ERROR_DOMAIN: &str = "channelsession.v1";

/// What says, in ErrorInfo's metadata and in problems, that a change may have been made.
pub const OUTCOME_UNKNOWN: &str = "unknown";

/// What a caller gets for an error.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorReply {
    /// Why the call failed. It settles the gRPC code and the HTTP status.
    pub reason: Reason,
    /// The same in a sentence.
    pub message: String,
    /// The rules that the request breaks: all, or as many as may be listed and the trailers had room for.
    pub violations: Vec<Violation>,
    /// How many there are, also those that are not listed.
    pub violations_total: usize,
    /// What the session is, where it is not as required.
    pub mismatch: Option<MismatchDetails>,
    /// What is known about the change, where the call was one.
    pub outcome: Outcome,
    /// When to try again, for what may pass.
    pub retry_after: Option<Duration>,
}

impl ErrorReply {
    /// An error without violations, of a call that changed nothing.
    #[must_use]
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            violations: Vec::new(),
            violations_total: 0,
            mismatch: None,
            outcome: Outcome::NotApplied,
            retry_after: table::retry_after(reason),
        }
    }
}

/// All that the error says to a caller, and nothing of its cause.
impl From<&Error> for ErrorReply {
    fn from(error: &Error) -> Self {
        let violations = error.violations();
        let reply = Self::new(error.reason(), error.to_string());
        Self {
            violations_total: violations.len(),
            violations: violations.iter().take(MAX_VIOLATIONS).map(Violation::from).collect(),
            mismatch: mismatch::of(error),
            outcome: error.outcome(),
            retry_after: error.retry_after().or(reply.retry_after),
            ..reply
        }
    }
}

#[cfg(test)]
mod tests;

//! The failure of one of many updates. Messages have more room than trailers, so nothing is left out of it that may be
//! listed.

use channel_session_api::v1::{self, Failure};
use domain::{Outcome, Reason};

use super::{ErrorReply, table};

impl From<ErrorReply> for Failure {
    fn from(reply: ErrorReply) -> Self {
        Self {
            code: table::code(reply.reason).into(),
            reason: to_proto(reply.reason).into(),
            message: reply.message,
            violations: reply.violations.into_iter().map(v1::Violation::from).collect(),
            mismatch: reply.mismatch,
            outcome_unknown: reply.outcome == Outcome::Unknown,
        }
    }
}

impl ErrorReply {
    /// What a failure says; none where its reason is not known here.
    #[must_use]
    pub fn from_failure(failure: Failure) -> Option<Self> {
        let reason = v1::Reason::try_from(failure.reason).ok().and_then(from_proto)?;
        Some(Self {
            violations_total: failure.violations.len(),
            violations: failure.violations.into_iter().map(Into::into).collect(),
            mismatch: failure.mismatch,
            outcome: if failure.outcome_unknown { Outcome::Unknown } else { Outcome::NotApplied },
            ..Self::new(reason, failure.message)
        })
    }
}

/// The contract's enum has the same names, which a test holds to be all of them.
fn to_proto(reason: Reason) -> v1::Reason {
    v1::Reason::from_str_name(&format!("REASON_{}", reason.as_str())).unwrap_or_default()
}

fn from_proto(reason: v1::Reason) -> Option<Reason> {
    Reason::from_wire(reason.as_str_name().strip_prefix("REASON_")?)
}

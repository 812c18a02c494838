//! Why one of many updates failed, in the words that a call of its own would have failed with.

use channel_session_api::v1::{self, Failure};
use domain::{Error, Outcome, Reason, violation::Violation};

use super::{code, mismatch};

/// The failure for an error. Messages have more room than trailers, so nothing is left out. The log is the caller's to
/// write, who knows how many fail alike.
pub(crate) fn failure(error: &Error) -> Failure {
    let reason = error.reason();
    Failure {
        code: code(reason).into(),
        reason: proto(reason).into(),
        message: error.to_string(),
        violations: error.violations().iter().map(violation).collect(),
        mismatch: mismatch::of(error),
        outcome_unknown: error.outcome() == Outcome::Unknown,
    }
}

/// The contract's enum has the same names, which a test holds to be all of them.
fn proto(reason: Reason) -> v1::Reason {
    v1::Reason::from_str_name(&format!("REASON_{}", reason.as_str())).unwrap_or_default()
}

fn violation(violation: &Violation) -> v1::Violation {
    v1::Violation {
        field: violation.field.clone(),
        key: violation.key.clone().unwrap_or_default(),
        rule: violation.rule.to_owned(),
        description: violation.description.clone(),
    }
}

#[cfg(test)]
mod tests;

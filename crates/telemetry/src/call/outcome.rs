//! What became of a call, in the words of its protocol.

use std::fmt;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A code of gRPC's, by its number.
    Grpc(i32),
    /// A status of HTTP's.
    Http(u16),
}

/// The codes of gRPC's, by their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// How much a call's outcome is an operator's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// It was answered as asked.
    Success,
    /// It was not, for a reason of its caller's.
    Refusal,
    /// It was not, for a reason that may pass: the store is unavailable, or something took too long.
    Failure,
    /// It was not, by a defect.
    Defect,
}

impl Outcome {
    /// That of a gRPC call that nobody waits for any longer.
    pub const CANCELLED: Self = Self::Grpc(1);

    /// The same over HTTP, by the number that nginx gives it.
    pub const CLIENT_CLOSED_REQUEST: Self = Self::Http(499);

    /// Its name as OpenTelemetry has it: a code's, or a status's number.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grpc(code) => {
                usize::try_from(code).ok().and_then(|code| CODES.get(code)).copied().unwrap_or("UNKNOWN")
            }
            Self::Http(_) => "UNKNOWN",
        }
    }

    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Grpc(0) | Self::Http(..400) => Severity::Success,
            Self::Grpc(4 | 14) => Severity::Failure,
            Self::Grpc(2 | 13 | 15) | Self::Http(500) => Severity::Defect,
            Self::Grpc(_) | Self::Http(400..500) => Severity::Refusal,
            Self::Http(501..) => Severity::Failure,
        }
    }

    /// Whether it is the service's failure rather than its caller's.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self.severity(), Severity::Failure | Severity::Defect)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grpc(_) => f.write_str(self.name()),
            Self::Http(status) => status.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_have_the_names_of_their_protocols() {
        for (outcome, name) in [
            (Outcome::Grpc(0), "OK"),
            (Outcome::Grpc(16), "UNAUTHENTICATED"),
            (Outcome::Grpc(17), "UNKNOWN"),
            (Outcome::Grpc(-1), "UNKNOWN"),
            (Outcome::Http(503), "503"),
        ] {
            assert_eq!(outcome.to_string(), name);
        }
    }
}

//! Refuses safeguards that stand where they have no effect: a caller that believes in one would overwrite what it meant to
//! protect, or do twice what it meant to do once.

use domain::{Error, violation::Violation};
use http::HeaderMap;
use tonic::Status;

use crate::status;

/// Names of HTTP's and of others' conventions, each with what this interface has in its place.
const MISPLACED: [(&str, &str); 14] = [
    ("if-match", "the field etag of the request"),
    ("if-none-match", "the field existing of CreateChannelSession, which refuses by default"),
    ("if-modified-since", "the field etag of the request"),
    ("if-unmodified-since", "the field etag of the request"),
    ("if-range", "the field etag of the request"),
    ("etag", "the field etag of the request"),
    ("idempotency-key", "the field request_id of the request"),
    ("x-idempotency-key", "the field request_id of the request"),
    ("x-idempotency-token", "the field request_id of the request"),
    ("request-id", "the field request_id of the request; for the log, x-request-id"),
    ("request_id", "the field request_id of the request; for the log, x-request-id"),
    ("validate-only", "the field validate_only of the request"),
    ("x-dry-run", "the field validate_only of the request"),
    ("prefer", "the fields view and validate_only of the request"),
];

/// The status for a call with one of these among its metadata, if it has any.
pub(super) fn refuse(metadata: &HeaderMap) -> Option<Status> {
    let violations =
        MISPLACED.iter().filter(|(name, _)| metadata.contains_key(*name)).map(|(name, instead)| {
            Violation::new(
                *name,
                "metadata",
                format!("has no effect as metadata; what it asks for is {instead}"),
            )
        });
    let first = violations.into_iter().next()?;
    Some(status::from_error(&Error::InvalidParameter(first)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn each_is_refused_by_name_and_what_calls_bear_is_not() {
        for (name, _) in MISPLACED {
            let metadata =
                HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_static("x"))]);
            let status = refuse(&metadata).expect(name);
            assert_eq!(status.code(), tonic::Code::InvalidArgument);
            assert!(status.message().contains(name), "{}", status.message());
        }
        let usual = [
            "x-request-id",
            "traceparent",
            "tracestate",
            "user-agent",
            "te",
            "grpc-timeout",
            "authorization",
        ];
        let metadata = usual.map(|name| (http::HeaderName::from_static(name), HeaderValue::from_static("x")));
        assert!(refuse(&HeaderMap::from_iter(metadata)).is_none());
    }
}

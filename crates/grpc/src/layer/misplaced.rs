//! Refuses safeguards among a call's metadata, where none has an effect.

use domain::{Error, violation::Violation};
use http::HeaderMap;
use tonic::Status;
use wire::safeguards::SAFEGUARDS;

use crate::status;

/// The status for a call with one of these among its metadata, if it has any.
pub(super) fn refuse(metadata: &HeaderMap) -> Option<Status> {
    let misplaced = SAFEGUARDS.iter().find(|safeguard| metadata.contains_key(safeguard.name))?;
    let instead = misplaced.over_grpc;
    let description = format!("has no effect as metadata; what it asks for is {instead}");
    let violation = Violation::new(misplaced.name.to_ascii_lowercase(), "metadata", description);
    Some(status::from_error(&Error::InvalidParameter(violation)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn each_is_refused_by_name_and_what_calls_bear_is_not() {
        for safeguard in &SAFEGUARDS {
            let name = safeguard.name.to_ascii_lowercase();
            let header = name.parse::<http::HeaderName>().expect("a name");
            let metadata = HeaderMap::from_iter([(header, HeaderValue::from_static("x"))]);
            let status = refuse(&metadata).expect(&name);
            assert_eq!(status.code(), tonic::Code::InvalidArgument);
            assert!(status.message().contains(&name), "{}", status.message());
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

//! Each reason's gRPC code and HTTP status, and when to try again.

use std::time::Duration;

use domain::Reason;
use http::StatusCode;
use tonic::Code;

/// The gRPC code of a reason. Reasons of REST alone have the code of their nearest kin.
#[must_use]
pub fn code(reason: Reason) -> Code {
    row(reason).0
}

/// The HTTP status of a reason.
#[must_use]
pub fn http_status(reason: Reason) -> StatusCode {
    let status = row(reason).1;
    // Numbers from 100 to 999 are statuses; a test takes each.
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// When to try again, for what may pass.
pub(super) fn retry_after(reason: Reason) -> Option<Duration> {
    row(reason).2.map(Duration::from_secs)
}

/// The code, the status, and after how many seconds to try again, where that may help.
fn row(reason: Reason) -> (Code, u16, Option<u64>) {
    match reason {
        Reason::ChannelSessionIdRequired => (Code::InvalidArgument, 400, None),
        Reason::InvalidChannelSessionId => (Code::InvalidArgument, 400, None),
        Reason::BodyRequired => (Code::InvalidArgument, 400, None),
        Reason::MalformedBody => (Code::InvalidArgument, 400, None),
        Reason::InvalidAttributes => (Code::InvalidArgument, 400, None),
        Reason::TooManyAttributes => (Code::InvalidArgument, 400, None),
        Reason::InvalidDocument => (Code::InvalidArgument, 400, None),
        Reason::DocumentTooLarge => (Code::InvalidArgument, 400, None),
        Reason::InvalidParameter => (Code::InvalidArgument, 400, None),
        Reason::Unauthenticated => (Code::Unauthenticated, 401, None),
        Reason::PermissionDenied => (Code::PermissionDenied, 403, None),
        Reason::ChannelSessionNotFound => (Code::NotFound, 404, None),
        Reason::NotFound => (Code::Unimplemented, 404, None),
        Reason::MethodNotAllowed => (Code::Unimplemented, 405, None),
        Reason::ChannelSessionExists => (Code::AlreadyExists, 409, None),
        Reason::ChannelSessionNotActive => (Code::FailedPrecondition, 409, None),
        Reason::ChannelDataMalformed => (Code::FailedPrecondition, 409, None),
        Reason::AttributeMismatch => (Code::Aborted, 409, None),
        Reason::PositionExpired => (Code::OutOfRange, 410, None),
        Reason::RevisionMismatch => (Code::Aborted, 412, None),
        Reason::RequestTooLarge => (Code::OutOfRange, 413, None),
        Reason::UnsupportedMediaType => (Code::Unimplemented, 415, None),
        Reason::RequestIdReused => (Code::InvalidArgument, 422, None),
        Reason::Overloaded => (Code::ResourceExhausted, 429, Some(1)),
        Reason::Cancelled => (Code::Cancelled, 499, None),
        Reason::Internal => (Code::Internal, 500, None),
        Reason::NotSupported => (Code::Unimplemented, 501, None),
        Reason::StoreUnavailable => (Code::Unavailable, 503, Some(2)),
        Reason::DeadlineExceeded => (Code::DeadlineExceeded, 504, None),
    }
}

#[cfg(test)]
mod tests;

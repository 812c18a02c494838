//! Each reason's gRPC code and HTTP status.

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
    if reason == Reason::Overloaded {
        Some(Duration::from_secs(1))
    } else if reason == Reason::StoreUnavailable {
        Some(Duration::from_secs(2))
    } else {
        None
    }
}

fn row(reason: Reason) -> (Code, u16) {
    match reason {
        Reason::ChannelSessionIdRequired => (Code::InvalidArgument, 400),
        Reason::InvalidChannelSessionId => (Code::InvalidArgument, 400),
        Reason::BodyRequired => (Code::InvalidArgument, 400),
        Reason::MalformedBody => (Code::InvalidArgument, 400),
        Reason::InvalidAttributes => (Code::InvalidArgument, 400),
        Reason::TooManyAttributes => (Code::InvalidArgument, 400),
        Reason::InvalidDocument => (Code::InvalidArgument, 400),
        Reason::DocumentTooLarge => (Code::InvalidArgument, 400),
        Reason::InvalidParameter => (Code::InvalidArgument, 400),
        Reason::ChannelSessionNotFound => (Code::NotFound, 404),
        Reason::NotFound => (Code::Unimplemented, 404),
        Reason::MethodNotAllowed => (Code::Unimplemented, 405),
        Reason::ChannelSessionExists => (Code::AlreadyExists, 409),
        Reason::ChannelSessionNotActive => (Code::FailedPrecondition, 409),
        Reason::ChannelDataMalformed => (Code::FailedPrecondition, 409),
        Reason::AttributeMismatch => (Code::Aborted, 409),
        Reason::PositionExpired => (Code::OutOfRange, 410),
        Reason::RevisionMismatch => (Code::Aborted, 412),
        Reason::RequestTooLarge => (Code::OutOfRange, 413),
        Reason::UnsupportedMediaType => (Code::Unimplemented, 415),
        Reason::RequestIdReused => (Code::InvalidArgument, 422),
        Reason::Overloaded => (Code::ResourceExhausted, 429),
        Reason::Cancelled => (Code::Cancelled, 499),
        Reason::Internal => (Code::Internal, 500),
        Reason::StoreUnavailable => (Code::Unavailable, 503),
        Reason::DeadlineExceeded => (Code::DeadlineExceeded, 504),
    }
}

#[cfg(test)]
mod tests;

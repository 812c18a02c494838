//! The HTTP status that goes with a reason, and what HTTP says beside it.

use domain::Reason;
use http::StatusCode;

/// The HTTP status that goes with a reason.
pub(super) fn of(reason: Reason) -> StatusCode {
    match reason {
        Reason::ChannelSessionIdRequired
        | Reason::InvalidChannelSessionId
        | Reason::BodyRequired
        | Reason::MalformedBody
        | Reason::InvalidAttributes
        | Reason::TooManyAttributes
        | Reason::InvalidDocument
        | Reason::DocumentTooLarge
        | Reason::InvalidParameter => StatusCode::BAD_REQUEST,
        Reason::ChannelSessionNotFound | Reason::NotFound => StatusCode::NOT_FOUND,
        Reason::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Reason::ChannelSessionExists
        | Reason::ChannelSessionNotActive
        | Reason::ChannelDataMalformed
        | Reason::AttributeMismatch => StatusCode::CONFLICT,
        Reason::PositionExpired => StatusCode::GONE,
        Reason::RevisionMismatch => StatusCode::PRECONDITION_FAILED,
        Reason::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::RequestIdReused => StatusCode::UNPROCESSABLE_ENTITY,
        Reason::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        Reason::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Reason::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Reason::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Reason::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

pub(super) fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Client Closed Request")
}

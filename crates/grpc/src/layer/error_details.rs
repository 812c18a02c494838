//! Gives the errors that the framework makes itself a reason, as all others have.

use axum::{body::Body, response::Response};
use domain::Reason;
use http::StatusCode;
use tonic::{Code, Status};
use wire::MAX_MESSAGE_BYTES;

use crate::status;

/// Looks at answers that are nothing but a status. Those that the service made have details already.
pub(super) fn explained(response: Response, ours: bool) -> Response {
    match Status::from_header_map(response.headers()) {
        Some(made) if made.code() != Code::Ok && made.details().is_empty() => {
            explain(&made, ours).into_http::<Body>()
        }
        None if response.status() != StatusCode::OK => {
            let message = "this port speaks gRPC; REST calls go to the gateway's port";
            status::from_reason(Reason::UnsupportedMediaType, message).into_http::<Body>()
        }
        Some(_) | None => response,
    }
}

/// The same for what the framework says of a message within a stream, which has no answer's head.
pub(crate) fn explain_message(made: Status) -> Status {
    if made.details().is_empty() { explain(&made, true) } else { made }
}

fn explain(made: &Status, ours: bool) -> Status {
    let code = made.code();
    if code == Code::Unimplemented {
        let message = "there is no such method; where reflection is on, `grpcurl … list` and `describe` show what there is";
        status::from_reason(Reason::NotFound, message)
    } else if matches!(code, Code::OutOfRange | Code::ResourceExhausted) {
        super::too_large(MAX_MESSAGE_BYTES)
    } else if code == Code::Cancelled {
        status::from_reason(Reason::Cancelled, "the caller went away")
    } else if ours {
        // A call itself never answers without details. What is left is a message that could not be read, which the
        // framework calls internal.
        let message =
            format!("the request is not the encoded message that the method takes: {}", made.message());
        status::from_reason(Reason::MalformedBody, &message)
    } else {
        // Health's and reflection's own: their codes are part of their protocols.
        let reason = if code == Code::NotFound { Reason::NotFound } else { Reason::Internal };
        status::with_code(code, reason, made.message())
    }
}

//! The only place where a gRPC status becomes an HTTP problem (RFC 9457).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use channel_session_api::v1::ViolationDetails;
use domain::{Error, Reason};
use grpc::status;
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use prost::Message;
use serde::Serialize;
use tonic::{Code, Status};
use tonic_types::pb;

/// What a caller is told when a request fails.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    title: &'static str,
    detail: String,
    #[serde(serialize_with = "as_name")]
    reason: Reason,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    /// How many there are, where some of them are not listed.
    #[serde(rename = "violationsTotal", skip_serializing_if = "Option::is_none")]
    violations_total: Option<usize>,
    /// `unknown` where the change may have been made all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip)]
    retry_after_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Violation {
    field: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    key: String,
    rule: String,
    description: String,
}

impl Problem {
    /// A problem that the gateway finds itself.
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self::from(&status::from_reason(reason, &detail.into()))
    }

    /// The same, of a call that cannot have changed anything.
    pub(crate) fn without_outcome(self) -> Self {
        Self { outcome: None, ..self }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self::from(&status::from_error(error))
    }
}

impl From<&Status> for Problem {
    fn from(status: &Status) -> Self {
        let details = Details::read(status);
        let reason = details.info.as_ref().and_then(|info| Reason::from_wire(&info.reason));
        let metadata = |name: &str| details.info.as_ref()?.metadata.get(name).cloned();
        // Without a reason it is not the service that answered but the way to it, on which the call may have been lost.
        let unknown =
            reason.is_none() || metadata(status::OUTCOME).as_deref() == Some(status::OUTCOME_UNKNOWN);
        let detail = match reason {
            Some(_) => status.message().to_owned(),
            None => {
                tracing::warn!(code = ?status.code(), message = status.message(), "the service cannot be reached");
                "the service behind the gateway cannot be reached".to_owned()
            }
        };
        let reason = reason.unwrap_or_else(|| lost(status.code()));
        let http = http_status(reason);
        let total = metadata(status::VIOLATIONS_TOTAL).and_then(|total| total.parse().ok());
        Self {
            status: http,
            title: title(http),
            detail,
            reason,
            violations_total: total.filter(|&total| total > details.violations.len()),
            violations: details.violations,
            outcome: unknown.then_some(status::OUTCOME_UNKNOWN),
            retry_after_seconds: details
                .retry_after
                .or_else(|| status::retry_delay(reason))
                .map(whole_seconds),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What a status carries beside its code and its message.
#[derive(Default)]
struct Details {
    info: Option<pb::ErrorInfo>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
}

impl Details {
    fn read(status: &Status) -> Self {
        let mut details = Self::default();
        let mut bad_request = pb::BadRequest::default();
        let mut more = ViolationDetails::default();
        for any in pb::Status::decode(status.details()).unwrap_or_default().details {
            match any.type_url.rsplit('/').next().unwrap_or_default() {
                "google.rpc.ErrorInfo" => details.info = pb::ErrorInfo::decode(&*any.value).ok(),
                "google.rpc.BadRequest" => {
                    bad_request = pb::BadRequest::decode(&*any.value).unwrap_or_default();
                }
                "google.rpc.RetryInfo" => {
                    let delay = pb::RetryInfo::decode(&*any.value).unwrap_or_default().retry_delay;
                    details.retry_after = delay.and_then(|delay| delay.try_into().ok());
                }
                status::VIOLATION_DETAILS => more = ViolationDetails::decode(&*any.value).unwrap_or_default(),
                _ => {}
            }
        }
        let mut more = more.violations.into_iter();
        details.violations = bad_request
            .field_violations
            .into_iter()
            .map(|violation| {
                let more = more.next().unwrap_or_default();
                let (field, description) = (violation.field, violation.description);
                Violation { field, key: more.key, rule: more.rule, description }
            })
            .collect();
        details
    }
}

/// `Retry-After` counts whole seconds; sooner than asked for would be wrong, a little later is not.
fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs() + u64::from(delay.subsec_nanos() > 0)
}

/// The HTTP status that goes with a reason.
fn http_status(reason: Reason) -> StatusCode {
    match reason {
        Reason::ChannelSessionIdRequired
        | Reason::InvalidChannelSessionId
        | Reason::BodyRequired
        | Reason::MalformedBody
        | Reason::InvalidAttributes
        | Reason::TooManyAttributes
        | Reason::InvalidDocument
        | Reason::DocumentTooLarge => StatusCode::BAD_REQUEST,
        Reason::ChannelSessionNotFound | Reason::NotFound => StatusCode::NOT_FOUND,
        Reason::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Reason::ChannelSessionExists | Reason::ChannelSessionNotActive | Reason::ChannelDataMalformed => {
            StatusCode::CONFLICT
        }
        Reason::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        Reason::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Reason::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Reason::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Reason::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The reason for a status that did not come from the service.
fn lost(code: Code) -> Reason {
    if code == Code::DeadlineExceeded {
        Reason::DeadlineExceeded
    } else if code == Code::ResourceExhausted {
        Reason::Overloaded
    } else {
        Reason::StoreUnavailable
    }
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Client Closed Request")
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

fn as_name<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

#[cfg(test)]
mod tests;

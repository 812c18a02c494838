//! The only place where a gRPC status becomes an HTTP problem (RFC 9457).

mod caller;
mod details;
mod http_status;
mod mismatch;

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use channel_session_api::v1::Failure;
use domain::{Error, Reason};
use grpc::status;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde::Serialize;
use tonic::{Code, Status};

use details::{Details, Violation};
use mismatch::Mismatch;

/// What a caller is told when a request fails.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    title: &'static str,
    detail: Box<str>,
    #[serde(serialize_with = "as_name")]
    reason: Reason,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    /// How many there are, where some of them are not listed.
    #[serde(rename = "violationsTotal", skip_serializing_if = "Option::is_none")]
    violations_total: Option<usize>,
    /// What the session is, where it is not as required.
    #[serde(flatten)]
    mismatch: Option<Box<Mismatch>>,
    /// `unknown` where the change may have been made all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// Headers beside those that every problem has.
    #[serde(skip)]
    headers: Box<[(HeaderName, HeaderValue)]>,
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

    /// The same, with a header that says more.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        let more = [(name, HeaderValue::from_static(value))];
        self.headers = self.headers.into_iter().chain(more).collect();
        self
    }

    /// Whether the same request may be answered otherwise later: what its caller cannot mend.
    pub(crate) fn may_pass(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS || self.status.is_server_error()
    }

    /// When to try again, where that is told.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let header = self.headers.iter().find(|(name, _)| name == RETRY_AFTER);
        let seconds = header.and_then(|(_, seconds)| seconds.to_str().ok()?.parse().ok());
        seconds.map(Duration::from_secs)
    }

    /// The same with a status of its own, where HTTP has one that says more than the reason's.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, title: http_status::title(status), ..self }
    }

    /// The problem as JSON text.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn told(code: Code, message: &str, details: Details) -> Self {
        // Without a reason it is not the service that answered but the way to it, on which the call may have been lost.
        let unknown = details.reason.is_none() || details.outcome_unknown;
        let detail = match details.reason {
            Some(_) => message.into(),
            None => {
                tracing::warn!(?code, message, "the service cannot be reached");
                "the service behind the gateway cannot be reached".into()
            }
        };
        let reason = details.reason.unwrap_or_else(|| lost(code));
        let http = http_status::of(reason);
        let retry_after = details.retry_after.or_else(|| status::retry_delay(reason));
        Self {
            status: http,
            title: http_status::title(http),
            detail,
            reason,
            violations_total: details.violations_total.filter(|&total| total > details.violations.len()),
            violations: details.violations,
            mismatch: details.mismatch.map(|mismatch| Box::new(mismatch.into())),
            outcome: unknown.then_some(status::OUTCOME_UNKNOWN),
            headers: retry_after.into_iter().map(|delay| (RETRY_AFTER, whole_seconds(delay))).collect(),
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self::from(&status::from_error(error))
    }
}

impl From<&Status> for Problem {
    fn from(status: &Status) -> Self {
        Self::told(status.code(), status.message(), Details::from(status))
    }
}

/// What became of one of many updates: the same as of one alone.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let (code, message) = (Code::from_i32(failure.code), failure.message.clone());
        Self::told(code, &message, Details::from(failure))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, headers, self.to_json()).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

/// `Retry-After` counts whole seconds; sooner than asked for would be wrong, a little later is not.
fn whole_seconds(delay: Duration) -> HeaderValue {
    HeaderValue::from(delay.as_secs() + u64::from(delay.subsec_nanos() > 0))
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

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

fn as_name<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

/// The problem as its caller reads it, for the tests of those who make problems.
#[cfg(test)]
pub(crate) fn told(problem: &Problem) -> serde_json::Value {
    serde_json::from_str(&problem.to_json()).expect("a problem is JSON")
}

#[cfg(test)]
mod tests;

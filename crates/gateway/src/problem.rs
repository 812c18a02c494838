//! What a caller over HTTP gets for an error (RFC 9457): one that the gateway finds itself, or the service's.

mod caller;
mod mismatch;
mod violation;

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use channel_session_api::v1::Failure;
use domain::{Error, Outcome, Reason};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use schemars::JsonSchema;
use serde::Serialize;
use tonic::{Code, Status};
use wire::error::{ErrorReply, OUTCOME_UNKNOWN, http_status};

use crate::openapi;
pub(crate) use caller::camel_case_words;
use mismatch::Mismatch;
use violation::Violation;

/// What a caller gets when a request fails.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schemars(with = "u16", range(min = 400, max = 599))]
    status: StatusCode,
    /// The status's name.
    title: &'static str,
    /// Why, in a sentence.
    detail: Box<str>,
    #[serde(serialize_with = "as_name")]
    #[schemars(with = "openapi::ReasonName")]
    reason: Reason,
    /// The rules that the request breaks.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    violations: Box<[Violation]>,
    /// How many there are, where some of them are not listed.
    #[serde(rename = "violationsTotal", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize")]
    violations_total: Option<usize>,
    /// What the session is, where it is not as required.
    #[serde(flatten)]
    mismatch: Option<Box<Mismatch>>,
    /// `unknown` where the change may have been made all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("const" = OUTCOME_UNKNOWN))]
    outcome: Option<&'static str>,
    /// After how many seconds to try again, where the answer says so.
    #[serde(skip)]
    retry_after: Option<u32>,
    /// Headers beside those that every problem has.
    #[serde(skip)]
    headers: Box<[(HeaderName, HeaderValue)]>,
}

impl Problem {
    /// A problem that the gateway finds itself.
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self::from(ErrorReply::new(reason, detail))
    }

    /// What a status of the service's is for whoever made the request with these headers.
    pub(crate) fn of_status(status: &Status, headers: &HeaderMap) -> Self {
        let reply = ErrorReply::from_status(status);
        let problem = reply.map_or_else(|| Self::lost(status.code(), status.message()), Self::from);
        problem.for_caller(headers)
    }

    /// What became of one of many updates: the same as of one alone.
    pub(crate) fn of_failure(failure: Failure, headers: &HeaderMap) -> Self {
        let (code, message) = (Code::from_i32(failure.code), failure.message.clone());
        let reply = ErrorReply::from_failure(failure);
        reply.map_or_else(|| Self::lost(code, &message), Self::from).for_caller(headers)
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

    /// Whether the same request may be answered otherwise later: what its caller cannot fix.
    pub(crate) fn may_pass(&self) -> bool {
        let is_final = self.status == StatusCode::NOT_IMPLEMENTED;
        self.status == StatusCode::TOO_MANY_REQUESTS || (self.status.is_server_error() && !is_final)
    }

    /// When to try again, where the answer says so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// The same with a status of its own, where HTTP has one that says more than the reason's.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, title: title(status), ..self }
    }

    /// The problem as JSON text.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A call that may have been lost: what answered is not the service but the way to it, of which no caller learns.
    fn lost(code: Code, message: &str) -> Self {
        tracing::warn!(?code, cause = message, "the service cannot be reached");
        let reason = if code == Code::DeadlineExceeded {
            Reason::DeadlineExceeded
        } else if code == Code::ResourceExhausted {
            Reason::Overloaded
        } else {
            Reason::StoreUnavailable
        };
        let reply = ErrorReply::new(reason, "the service behind the gateway cannot be reached");
        Self::from(ErrorReply { outcome: Outcome::Unknown, ..reply })
    }
}

impl From<ErrorReply> for Problem {
    fn from(reply: ErrorReply) -> Self {
        let status = http_status(reply.reason);
        let listed = reply.violations.len();
        Self {
            status,
            title: title(status),
            detail: reply.message.into(),
            reason: reply.reason,
            violations: reply.violations.into_iter().map(Violation::from).collect(),
            violations_total: Some(reply.violations_total).filter(|&total| total > listed),
            mismatch: reply.mismatch.map(|mismatch| Box::new(mismatch.into())),
            outcome: (reply.outcome == Outcome::Unknown).then_some(OUTCOME_UNKNOWN),
            retry_after: reply.retry_after.map(whole_seconds),
            headers: Box::default(),
        }
    }
}

/// An error that the gateway finds itself, and so answers: what is none of the caller's making is logged.
impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        telemetry::error(error);
        Self::from(ErrorReply::from(error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content_type = [(CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, content_type, self.to_json()).into_response();
        response.extensions_mut().insert(self.reason);
        let headers = response.headers_mut();
        if self.reason == Reason::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        headers.extend(self.retry_after.map(|seconds| (RETRY_AFTER, seconds.into())));
        headers.extend(self.headers);
        response
    }
}

/// `Retry-After` counts whole seconds; sooner than asked for would be wrong, a little later is not.
fn whole_seconds(delay: Duration) -> u32 {
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// A status's name. HTTP has none for the one that nginx gives to callers that went away.
fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Client Closed Request")
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

fn as_name<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

/// The problem as its caller reads it, for the tests of those who make problems.
#[cfg(test)]
pub(crate) fn parsed(problem: &Problem) -> serde_json::Value {
    serde_json::from_str(&problem.to_json()).expect("a problem is JSON")
}

#[cfg(test)]
mod tests;

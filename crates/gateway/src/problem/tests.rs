//! The table from reasons to HTTP, and what becomes of statuses that are not the service's.

use std::{collections::HashMap, time::Duration};

use axum::body::to_bytes;
use channel_session_api::v1::{self as api, Attribute, MismatchDetails};
use domain::{Outcome, violation::Violation as Broken};
use http::HeaderMap;
use prost::Message;
use prost_types::Any;
use serde_json::{Value, json};
use tonic_types::{ErrorDetails, StatusExt, pb};

use super::*;

/// The response to a status, as a caller gets it.
async fn answer(problem: Problem) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = problem.into_response().into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the body is in memory");
    (parts.status, parts.headers, serde_json::from_slice(&body).expect("a problem is JSON"))
}

#[tokio::test]
async fn each_reason_has_its_http_status() {
    let table = [
        (Reason::ChannelSessionIdRequired, 400, "Bad Request"),
        (Reason::InvalidChannelSessionId, 400, "Bad Request"),
        (Reason::BodyRequired, 400, "Bad Request"),
        (Reason::MalformedBody, 400, "Bad Request"),
        (Reason::InvalidAttributes, 400, "Bad Request"),
        (Reason::TooManyAttributes, 400, "Bad Request"),
        (Reason::InvalidDocument, 400, "Bad Request"),
        (Reason::DocumentTooLarge, 400, "Bad Request"),
        (Reason::ChannelSessionNotFound, 404, "Not Found"),
        (Reason::NotFound, 404, "Not Found"),
        (Reason::MethodNotAllowed, 405, "Method Not Allowed"),
        (Reason::ChannelSessionExists, 409, "Conflict"),
        (Reason::ChannelSessionNotActive, 409, "Conflict"),
        (Reason::ChannelDataMalformed, 409, "Conflict"),
        (Reason::RequestTooLarge, 413, "Payload Too Large"),
        (Reason::UnsupportedMediaType, 415, "Unsupported Media Type"),
        (Reason::Overloaded, 429, "Too Many Requests"),
        (Reason::Cancelled, 499, "Client Closed Request"),
        (Reason::Internal, 500, "Internal Server Error"),
        (Reason::StoreUnavailable, 503, "Service Unavailable"),
        (Reason::DeadlineExceeded, 504, "Gateway Timeout"),
        (Reason::AttributeMismatch, 409, "Conflict"),
        (Reason::RevisionMismatch, 412, "Precondition Failed"),
        (Reason::RequestIdReused, 422, "Unprocessable Entity"),
        (Reason::InvalidParameter, 400, "Bad Request"),
        (Reason::PositionExpired, 410, "Gone"),
    ];
    assert_eq!(table.map(|(reason, ..)| reason), Reason::ALL);
    for (reason, expected, title) in table {
        let (status, headers, body) = answer(Problem::new(reason, "why")).await;
        let same = json!({"status": expected, "title": title, "detail": "why", "reason": reason.as_str()});
        assert_eq!((status.as_u16(), body), (expected, same));
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers.contains_key("retry-after"), matches!(expected, 429 | 503), "{reason:?}");
    }
}

#[tokio::test]
async fn each_violation_is_told_with_its_field_its_key_its_rule_and_a_description() {
    let of_an_attribute = Broken {
        field: "attributes[1].value".to_owned(),
        key: Some("k".to_owned()),
        rule: "String50",
        description: "must be shorter".to_owned(),
    };
    let of_no_attribute = Broken::new("id", "type", "must be a string");
    let error = Error::InvalidAttributes(vec![of_an_attribute, of_no_attribute]);
    let (_, _, body) = answer(Problem::from(&error)).await;
    let expected = json!({
        "status": 400,
        "title": "Bad Request",
        "detail": "attributes[1].value must be shorter; and 1 more",
        "reason": "INVALID_ATTRIBUTES",
        "violations": [
            {
                "field": "attributes[1].value",
                "key": "k",
                "rule": "String50",
                "description": "must be shorter",
            },
            {"field": "id", "rule": "type", "description": "must be a string"},
        ],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn violations_that_are_not_listed_are_counted() {
    let violations = (0..100).map(|at| Broken::new(at, "length", "x".repeat(100))).collect();
    let whole = status::from_error(&Error::InvalidDocument(violations));
    let (_, _, body) = answer(Problem::from(&whole)).await;
    assert_eq!(body["violations"].as_array().expect("a list").len(), 100);
    assert_eq!(body.get("violationsTotal"), None);

    // As it comes over a network.
    let mut response = whole.into_http::<()>();
    status::bound(response.headers_mut());
    let cut = Status::from_header_map(response.headers()).expect("a status");
    let (_, _, body) = answer(Problem::from(&cut)).await;
    assert_eq!(body["violationsTotal"], 100);
    assert!((1..100).contains(&body["violations"].as_array().expect("a list").len()));
}

#[tokio::test]
async fn a_status_that_is_not_the_service_s_is_a_call_that_may_have_been_lost() {
    for (code, reason, expected) in [
        (Code::Unavailable, "STORE_UNAVAILABLE", 503),
        (Code::Unknown, "STORE_UNAVAILABLE", 503),
        (Code::Internal, "STORE_UNAVAILABLE", 503),
        (Code::Unimplemented, "STORE_UNAVAILABLE", 503),
        (Code::NotFound, "STORE_UNAVAILABLE", 503),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", 504),
    ] {
        let (status, _, body) = answer(Problem::from(&Status::new(code, "10.0.0.7 refused"))).await;
        assert_eq!((status.as_u16(), &body["reason"]), (expected, &json!(reason)), "{code:?}");
        assert_eq!(body["outcome"], "unknown", "{code:?}");
        // Whose address that is, is none of the caller's business.
        assert!(!body.to_string().contains("10.0.0.7"), "{body}");
    }
}

/// The contract gives every 503 and every 429 a `Retry-After`, also those that the service itself could not send.
#[tokio::test]
async fn who_meets_no_service_is_told_when_to_try_again_too() {
    for code in [Code::Unavailable, Code::Unknown, Code::ResourceExhausted] {
        let (status, headers, _) = answer(Problem::from(&Status::new(code, "gone"))).await;
        assert!(matches!(status.as_u16(), 429 | 503), "{code:?}");
        assert!(headers.contains_key("retry-after"), "{code:?}: a {status} without Retry-After");
    }
}

#[tokio::test]
async fn an_outcome_is_told_only_where_it_is_unknown() {
    let away = |outcome| Error::StoreUnavailable { outcome, cause: "away".into() };
    for (error, expected) in [
        (away(Outcome::Unknown), json!("unknown")),
        (away(Outcome::NotApplied), Value::Null),
        (Error::DeadlineExceeded(Outcome::Unknown), json!("unknown")),
        (Error::DeadlineExceeded(Outcome::NotApplied), Value::Null),
    ] {
        let (_, _, body) = answer(Problem::from(&error)).await;
        assert_eq!(body["outcome"], expected, "{error:?}");
    }
}

#[tokio::test]
async fn retry_after_is_never_sooner_than_the_service_asks_for() {
    for (seconds, nanos, expected) in [(2, 0, "2"), (1, 1, "2"), (0, 200_000_000, "1"), (7, 999_999_999, "8")]
    {
        let mut details = ErrorDetails::new();
        details.set_error_info("OVERLOADED", status::ERROR_DOMAIN, HashMap::new());
        details.set_retry_info(Some(Duration::new(seconds, nanos)));
        let status = Status::with_error_details(Code::ResourceExhausted, "busy", details);
        let (_, headers, _) = answer(Problem::from(&status)).await;
        assert_eq!(headers["retry-after"], expected, "{seconds} s and {nanos} ns");
    }
}

/// A status as the service makes it, with what the session is.
fn mismatch(reason: Reason, details: &MismatchDetails) -> Status {
    let info = pb::ErrorInfo {
        reason: reason.as_str().to_owned(),
        domain: status::ERROR_DOMAIN.to_owned(),
        metadata: HashMap::new(),
    };
    let any = |name: &str, value| Any { type_url: format!("type.googleapis.com/{name}"), value };
    let details = vec![
        any("google.rpc.ErrorInfo", info.encode_to_vec()),
        any(status::MISMATCH_DETAILS, details.encode_to_vec()),
    ];
    let inner = pb::Status { code: Code::Aborted.into(), message: "not so".to_owned(), details };
    Status::with_details(Code::Aborted, "not so", inner.encode_to_vec().into())
}

#[test]
fn a_mismatch_tells_what_the_session_is_exactly() {
    let of_revision = MismatchDetails { revision: 7, etag: "\"7\"".to_owned(), ..MismatchDetails::default() };
    let of_key = MismatchDetails { key: "k".to_owned(), ..of_revision.clone() };
    let present = Attribute {
        key: "k".to_owned(),
        r#type: "Number".to_owned(),
        value_json: Some("0.10".to_owned()),
        ..Attribute::default()
    };
    let omitted = Attribute { value_json: None, ..present.clone() };
    for (reason, details, expected) in [
        (Reason::RevisionMismatch, of_revision, r#""revision":7,"etag":"\"7\"""#),
        (
            Reason::AttributeMismatch,
            of_key.clone(),
            r#""revision":7,"etag":"\"7\"","key":"k","present":null"#,
        ),
        (
            Reason::AttributeMismatch,
            MismatchDetails { present: Some(present), ..of_key.clone() },
            r#""revision":7,"etag":"\"7\"","key":"k","present":{"key":"k","type":"Number","value":0.10}"#,
        ),
        (
            Reason::AttributeMismatch,
            MismatchDetails { present: Some(omitted), value_omitted: true, ..of_key },
            concat!(
                r#""revision":7,"etag":"\"7\"","key":"k","present":{"key":"k","type":"Number"},"#,
                r#""valueOmitted":true"#
            ),
        ),
    ] {
        let text = Problem::from(&mismatch(reason, &details)).to_json();
        let reason = reason.as_str();
        assert!(text.ends_with(&format!(r#""reason":"{reason}",{expected}}}"#)), "{text}");
        let failure = Failure {
            code: Code::Aborted.into(),
            reason: api::Reason::from_str_name(&format!("REASON_{reason}")).expect("a reason").into(),
            message: "not so".to_owned(),
            mismatch: Some(details),
            ..Failure::default()
        };
        assert_eq!(Problem::from(failure).to_json(), text);
    }
}

#[test]
fn one_of_many_fails_as_one_alone_would() {
    for reason in Reason::ALL {
        let failure = Failure {
            code: status::code(reason).into(),
            reason: api::Reason::from_str_name(&format!("REASON_{}", reason.as_str()))
                .expect("a reason")
                .into(),
            message: "why".to_owned(),
            ..Failure::default()
        };
        assert_eq!(told(&Problem::from(failure)), told(&Problem::new(reason, "why")));
    }
    let violation = api::Violation {
        field: "attributes[0].value".to_owned(),
        key: "k".to_owned(),
        rule: "Number".to_owned(),
        description: "must be a number".to_owned(),
    };
    let failure = Failure {
        code: Code::InvalidArgument.into(),
        reason: api::Reason::InvalidAttributes.into(),
        message: "wrong".to_owned(),
        violations: vec![violation],
        outcome_unknown: true,
        ..Failure::default()
    };
    let expected = json!({
        "status": 400,
        "title": "Bad Request",
        "detail": "wrong",
        "reason": "INVALID_ATTRIBUTES",
        "violations": [
            {"field": "attributes[0].value", "key": "k", "rule": "Number", "description": "must be a number"},
        ],
        "outcome": "unknown",
    });
    assert_eq!(told(&Problem::from(failure)), expected);
    // A reason that this gateway does not know is as good as none.
    let lost = told(&Problem::from(Failure { reason: 1_000, ..Failure::default() }));
    assert_eq!((&lost["status"], &lost["outcome"]), (&json!(503), &json!("unknown")));
}

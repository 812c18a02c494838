//! Problems as callers read them, and what becomes of statuses that are not the service's.

use std::time::Duration;

use axum::body::to_bytes;
use channel_session_api::v1::{self as api, Attribute, MismatchDetails};
use domain::{Outcome, violation::Violation as Broken};
use http::HeaderMap;
use serde_json::{Value, json};

use super::*;

fn of(status: &Status) -> Problem {
    Problem::of_status(status, &HeaderMap::new())
}

/// The response to a status, as a caller gets it.
async fn answer(problem: Problem) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = problem.into_response().into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the body is in memory");
    (parts.status, parts.headers, serde_json::from_slice(&body).expect("a problem is JSON"))
}

#[tokio::test]
async fn each_reason_has_its_status_and_a_title() {
    for reason in Reason::ALL {
        let (status, headers, body) = answer(Problem::new(reason, "why")).await;
        let title = body["title"].as_str().expect("a title").to_owned();
        assert_eq!(status, http_status(reason));
        assert_eq!(title == "Client Closed Request", status == 499, "{title}");
        let same =
            json!({"status": status.as_u16(), "title": title, "detail": "why", "reason": reason.as_str()});
        assert_eq!(body, same);
        assert_eq!(headers["content-type"], "application/problem+json");
        let may_pass = matches!(status.as_u16(), 429 | 503);
        assert_eq!(headers.contains_key("retry-after"), may_pass, "{reason:?}");
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
    let whole = ErrorReply::from(&Error::InvalidDocument(violations)).to_status();
    let (_, _, body) = answer(of(&whole)).await;
    assert_eq!(body["violations"].as_array().expect("a list").len(), 100);
    assert_eq!(body.get("violationsTotal"), None);

    // As it comes over a network.
    let mut response = whole.into_http::<()>();
    wire::error::bound(response.headers_mut());
    let cut = Status::from_header_map(response.headers()).expect("a status");
    let (_, _, body) = answer(of(&cut)).await;
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
        let (status, _, body) = answer(of(&Status::new(code, "10.0.0.7 refused"))).await;
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
        let (status, headers, _) = answer(of(&Status::new(code, "gone"))).await;
        assert!(matches!(status.as_u16(), 429 | 503), "{code:?}");
        assert!(headers.contains_key("retry-after"), "{code:?}: a {status} without Retry-After");
    }
}

#[tokio::test]
async fn an_outcome_is_told_only_where_it_is_unknown() {
    let unavailable = |outcome| Error::StoreUnavailable { outcome, cause: "unavailable".into() };
    for (error, expected) in [
        (unavailable(Outcome::Unknown), json!("unknown")),
        (unavailable(Outcome::NotApplied), Value::Null),
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
        let delay = Some(Duration::new(seconds, nanos));
        let reply = ErrorReply { retry_after: delay, ..ErrorReply::new(Reason::Overloaded, "busy") };
        let status = reply.to_status();
        let (_, headers, _) = answer(of(&status)).await;
        assert_eq!(headers["retry-after"], expected, "{seconds} s and {nanos} ns");
    }
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
        let mismatch = Some(details.clone());
        let reply = ErrorReply { mismatch, ..ErrorReply::new(reason, "not so") };
        let text = of(&reply.to_status()).to_json();
        let reason = reason.as_str();
        assert!(text.ends_with(&format!(r#""reason":"{reason}",{expected}}}"#)), "{text}");
        let failure = Failure {
            code: Code::Aborted.into(),
            reason: api::Reason::from_str_name(&format!("REASON_{reason}")).expect("a reason").into(),
            message: "not so".to_owned(),
            mismatch: Some(details),
            ..Failure::default()
        };
        assert_eq!(Problem::of_failure(failure, &HeaderMap::new()).to_json(), text);
    }
}

#[test]
fn one_of_many_fails_as_one_alone_would() {
    for reason in Reason::ALL {
        let failure = Failure {
            code: wire::error::code(reason).into(),
            reason: api::Reason::from_str_name(&format!("REASON_{}", reason.as_str()))
                .expect("a reason")
                .into(),
            message: "why".to_owned(),
            ..Failure::default()
        };
        assert_eq!(
            parsed(&Problem::of_failure(failure, &HeaderMap::new())),
            parsed(&Problem::new(reason, "why"))
        );
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
    assert_eq!(parsed(&Problem::of_failure(failure, &HeaderMap::new())), expected);
    // A reason that this gateway does not know is as good as none.
    let lost =
        parsed(&Problem::of_failure(Failure { reason: 1_000, ..Failure::default() }, &HeaderMap::new()));
    assert_eq!((&lost["status"], &lost["outcome"]), (&json!(503), &json!("unknown")));
}

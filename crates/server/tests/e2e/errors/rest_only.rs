//! What only a REST call can get wrong: paths, methods, content types.

use std::sync::Arc;

use http::Method;

use crate::support::{Description, Rest, Service, Store};

/// Method, path, body, headers, status and reason.
type RestCase =
    (Method, &'static str, &'static str, &'static [(&'static str, &'static str)], u16, &'static str);

#[tokio::test]
async fn what_only_rest_can_get_wrong() {
    let service = Service::start(Store::Sqlite).await;
    let description = Arc::new(Description::of(&service.rest()).await);
    hold_to(&service.rest().described(&description)).await;
}

/// Runs the table, over this client.
pub(super) async fn hold_to(rest: &Rest) {
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    const LATIN1: &[(&str, &str)] = &[("content-type", "application/json; charset=iso-8859-1")];
    const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
    const GZIP: &[(&str, &str)] = &[("content-type", "application/json"), ("content-encoding", "gzip")];
    const IF_MATCH: &[(&str, &str)] = &[("if-match", "*")];
    const PLAIN: &[(&str, &str)] = &[("content-type", "text/plain;application/json")];
    const MERGE_PATCH: &[(&str, &str)] = &[("content-type", "application/merge-patch+json")];
    const JSON_PATCH: &[(&str, &str)] = &[("content-type", "application/json-patch+json")];
    const TWO_KEYS: &[(&str, &str)] = &[("idempotency-key", "a"), ("idempotency-key", "b")];
    let cases: &[RestCase] = &[
        (Method::PUT, "/forms", "[]", JSON, 400, "CHANNEL_SESSION_ID_REQUIRED"),
        (Method::PUT, "/forms/", "[]", JSON, 400, "CHANNEL_SESSION_ID_REQUIRED"),
        (Method::PUT, "/forms/%ff", "[]", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::PUT, "/forms/%2e%2e", "", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::PUT, "/forms/x", "", JSON, 400, "BODY_REQUIRED"),
        (Method::PUT, "/forms/x", " \n", JSON, 400, "BODY_REQUIRED"),
        (Method::POST, "/channel-sessions", "", JSON, 400, "BODY_REQUIRED"),
        (Method::PUT, "/channel-sessions/x", "", JSON, 400, "BODY_REQUIRED"),
        (Method::PATCH, "/channel-sessions/x", "", JSON, 400, "BODY_REQUIRED"),
        (Method::POST, "/channel-sessions/x/end", "", JSON, 400, "BODY_REQUIRED"),
        (Method::POST, "/batch-update-data", "", JSON, 400, "BODY_REQUIRED"),
        (Method::PATCH, "/channel-sessions/x", "[]", JSON, 400, "MALFORMED_BODY"),
        (Method::PATCH, "/channel-sessions/x", r#"{"atributes":[]}"#, JSON, 400, "MALFORMED_BODY"),
        (Method::PATCH, "/channel-sessions/x", r#"{"channelSessionId":"y"}"#, JSON, 400, "MALFORMED_BODY"),
        (Method::POST, "/channel-sessions/x/end", r#"{"reason":"AGENT"}"#, JSON, 400, "MALFORMED_BODY"),
        (Method::POST, "/batch-update-data", r#"{"requests":[{"foo":1}]}"#, JSON, 400, "MALFORMED_BODY"),
        (Method::POST, "/batch-update-data", r#"{"requests":[]}"#, IF_MATCH, 400, "INVALID_PARAMETER"),
        (Method::PUT, "/forms/x", "[]", &[("if-match", "")], 400, "INVALID_PARAMETER"),
        (Method::PUT, "/forms/x", "[]", &[("idempotency-key", "\"a")], 400, "INVALID_PARAMETER"),
        (Method::PUT, "/forms/x", "[]", TWO_KEYS, 400, "INVALID_PARAMETER"),
        // It would make the change.
        (Method::PUT, "/forms/x?_=1&validat%65Only=true", "[]", JSON, 400, "INVALID_PARAMETER"),
        (Method::PUT, "/forms/x?_=%zz&validate=true", "[]", JSON, 404, "CHANNEL_SESSION_NOT_FOUND"),
        (Method::PUT, "/channel-sessions/x", "{}", &[("if-none-match", "\"1\"")], 400, "INVALID_PARAMETER"),
        (Method::GET, "/channel-sessions?conversation=c", "", &[], 400, "INVALID_PARAMETER"),
        (Method::GET, "/channel-sessions?active=yes", "", &[], 400, "INVALID_PARAMETER"),
        (Method::GET, "/channel-sessions?pageSize=1&pageSize=2", "", &[], 400, "INVALID_PARAMETER"),
        (Method::GET, "/channel-sessions/x/history?keys=k", "", &[], 400, "INVALID_PARAMETER"),
        (Method::DELETE, "/channel-sessions/x?force=true", "", &[], 400, "INVALID_PARAMETER"),
        (Method::GET, "/events?keys=k", "", &[], 400, "INVALID_PARAMETER"),
        (Method::GET, "/events", "", &[("last-event-id", "nowhere")], 400, "INVALID_PARAMETER"),
        (Method::PUT, "/forms/x", "[]", FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PUT, "/forms/x", "[]", LATIN1, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PUT, "/forms/x", "[]", GZIP, 415, "UNSUPPORTED_MEDIA_TYPE"),
        // What any page in a browser can send without asking first.
        (Method::POST, "/channel-sessions", r#"{"id":"a"}"#, &[], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/channel-sessions/x/end", "{}", &[], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/batch-update-data", "{}", &[("content-type", "")], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/channel-sessions", "{}", PLAIN, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PUT, "/channel-sessions/x", "{}", &[], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PATCH, "/channel-sessions/x", "{}", &[], 415, "UNSUPPORTED_MEDIA_TYPE"),
        // Patches that mean something else.
        (Method::PATCH, "/channel-sessions/x", "{}", MERGE_PATCH, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PATCH, "/channel-sessions/x", "[]", JSON_PATCH, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PUT, "/forms/p%zz", "[]", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::PUT, "/channel-sessions/p%zz", "{}", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::PATCH, "/channel-sessions/%", "{}", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::GET, "/channel-sessions/p%2", "", &[], 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::POST, "/channel-sessions/p%zz/end", "{}", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::GET, "/channel-sessions/%%/history", "", &[], 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::DELETE, "/channel-sessions/p%z1", "", &[], 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::GET, "/channel-sessions?conversationId=p%zz", "", &[], 400, "INVALID_PARAMETER"),
        (Method::GET, "/events?channelSessionId=p%zz", "", &[], 400, "INVALID_PARAMETER"),
        (Method::GET, "/channel-sessions?active%3=true", "", &[], 400, "INVALID_PARAMETER"),
        (Method::PUT, "/forms/..%2f", "[]", FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::GET, "/forms/x", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/forms", "[]", JSON, 405, "METHOD_NOT_ALLOWED"),
        (Method::DELETE, "/channel-sessions", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/channel-sessions/x", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/channel-sessions/x/end", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/channel-sessions/x/history", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/batch-update-data", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/events", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/healthz", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/nowhere", "", &[], 404, "NOT_FOUND"),
        (Method::PUT, "/forms/a/b", "[]", JSON, 404, "NOT_FOUND"),
        (Method::GET, "/Forms/x", "", &[], 404, "NOT_FOUND"),
    ];
    for (method, path, body, headers, status, reason) in cases {
        let answer = rest.send(method.clone(), path, *body, headers).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.failure().reason),
            (*status, *reason),
            "{method} {path}"
        );
        assert_eq!(answer.headers.contains_key("allow"), *status == 405, "{method} {path}");
        assert!(answer.headers.contains_key("x-request-id"), "{method} {path}");
    }
    // As large as a request may be, to the byte.
    let largest = " ".repeat((1 << 20) - 2) + "[]";
    assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", largest).await.status, 200);
    // Both of these are JSON.
    for headers in [&[][..], &[("content-type", "application/vnd.api+json; charset=utf-8")]] {
        let answer = rest.send(Method::PUT, "/forms/64e2f08a6155b317cd3f88fd", "[]", headers).await;
        assert_eq!(answer.status, 200);
    }
}

//! Which call each request becomes, and what its answer looks like.

use channel_session_api::v1::*;
use serde_json::json;
use tonic::{Code, Status};

use super::{fake::DOCUMENT, *};

const VIEW: i32 = ChannelSessionView::Json as i32;

#[tokio::test]
async fn a_legacy_update_goes_on_as_it_came_under_its_headers() {
    let fake = Fake::with_revision(3);
    let request =
        "PUT /forms/a%2Fb?ignored\nIf-Match: \"1\"\nIf-Match: \"2\"\nIdempotency-Key: \"k-1\"\n\n[ ]";
    let answer = send(&fake, request).await;
    let expected = UpdateDataRequest {
        channel_session_id: "a/b".to_owned(),
        attributes_json: Some("[ ]".to_owned()),
        view: VIEW,
        etag: "\"1\", \"2\"".to_owned(),
        request_id: "k-1".to_owned(),
        ..UpdateDataRequest::default()
    };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    assert_eq!((answer.status, answer.header("etag"), &*answer.body), (200, "\"3\"", DOCUMENT));
}

#[tokio::test]
async fn a_full_update_takes_what_it_requires_from_body_and_headers() {
    let fake = Fake::with_revision(3);
    let body = r#"{"attributes":[1.0],"removeKeys":["k"],"etag":"\"2\"","channelSessionId":"a/b"}"#;
    let answer = send(&fake, &format!("PATCH /channel-sessions/a%2Fb\nIdempotency-Key: k-1\n\n{body}")).await;
    let expected = UpdateDataRequest {
        channel_session_id: "a/b".to_owned(),
        attributes_json: Some("[1.0]".to_owned()),
        view: VIEW,
        etag: "\"2\"".to_owned(),
        request_id: "k-1".to_owned(),
        remove_keys: vec!["k".to_owned()],
        ..UpdateDataRequest::default()
    };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    assert_eq!((answer.status, answer.header("etag"), &*answer.body), (200, "\"3\"", DOCUMENT));
}

#[tokio::test]
async fn no_request_contradicts_itself() {
    let fake = Fake::with_revision(3);
    for (request, reason) in [
        ("PATCH /channel-sessions/x\n\n{\"channelSessionId\":\"y\"}", "MALFORMED_BODY"),
        ("PATCH /channel-sessions/x\nIf-Match: \"1\"\n\n{\"etag\":\"\\\"2\\\"\"}", "MALFORMED_BODY"),
        ("PATCH /channel-sessions/x?validateOnly=true\n\n{}", "INVALID_PARAMETER"),
        ("POST /channel-sessions/x/end\nIdempotency-Key: a\n\n{\"requestId\":\"b\"}", "MALFORMED_BODY"),
        ("POST /channel-sessions/x/end\n\n{\"reason\":\"CUSTOMER\"}", "MALFORMED_BODY"),
        ("POST /channel-sessions?validate=true\n\n{}", "INVALID_PARAMETER"),
        ("PUT /channel-sessions/x\nIf-None-Match: \"1\"\n\n{}", "INVALID_PARAMETER"),
        ("DELETE /channel-sessions/x?validateOnly=yes", "INVALID_PARAMETER"),
        ("DELETE /channel-sessions/x\nIf-Match: ", "INVALID_PARAMETER"),
        ("GET /channel-sessions?limit=5", "INVALID_PARAMETER"),
        ("GET /channel-sessions/x\nIf-Match: \"1\"", "INVALID_PARAMETER"),
        ("GET /channel-sessions/x\nIf-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "INVALID_PARAMETER"),
        ("GET /channel-sessions\nIdempotency-Key: k", "INVALID_PARAMETER"),
        ("GET /channel-sessions/x/history\nIf-Match: *", "INVALID_PARAMETER"),
        ("GET /events\nValidate-Only: true", "INVALID_PARAMETER"),
        ("GET /channel-sessions/x/history?key=a&key=b", "INVALID_PARAMETER"),
        ("POST /batch-update-data\nIf-Match: \"1\"\n\n{}", "INVALID_PARAMETER"),
        ("GET /events?channelSessionId=x&channelSessionId=y", "INVALID_PARAMETER"),
        ("PUT /forms/x\nIdempotency-Key: \"\n\n[]", "INVALID_PARAMETER"),
    ] {
        let answer = send(&fake, request).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (400, &json!(reason)), "{request}");
        assert_eq!(fake.seen(), "", "{request}");
    }
    // It has no body to say why.
    assert_eq!(send(&fake, "HEAD /channel-sessions/x\nETag: \"1\"").await.status, 400);
    // That a path does not take a method says more.
    assert_eq!(send(&fake, "GET /channel-sessions/x/end\nIf-Match: \"1\"").await.status, 405);
}

#[tokio::test]
async fn a_new_session_is_answered_with_its_place() {
    let fake = Fake::with_revision(5);
    let answer = send(&fake, "POST /channel-sessions\nIdempotency-Key: k\n\n{\"id\":\"a/b\"}").await;
    let expected = CreateChannelSessionRequest {
        document_json: Some("{\"id\":\"a/b\"}".to_owned()),
        view: VIEW,
        existing: ExistingChannelSession::Refuse.into(),
        request_id: "k".to_owned(),
        ..CreateChannelSessionRequest::default()
    };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    assert_eq!((answer.status, answer.header("location")), (201, "/channel-sessions/a%2Fb"));
    assert_eq!((answer.header("etag"), &*answer.body), ("\"5\"", DOCUMENT));

    // What was only checked is not there.
    let answer = send(&fake, "POST /channel-sessions?validateOnly=true\n\n{\"id\":\"a/b\"}").await;
    let expected = CreateChannelSessionRequest { request_id: String::new(), validate_only: true, ..expected };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    assert_eq!((answer.status, answer.header("location")), (200, ""));
}

#[tokio::test]
async fn a_document_is_put_in_its_place() {
    for (revision, if_none_match, query, status) in [
        (1, "", "", 201),
        (2, "", "", 200),
        (2, "\nIf-None-Match: *", "", 201),
        (1, "", "?validateOnly=true", 200),
    ] {
        let fake = Fake::with_revision(revision);
        let request = format!("PUT /channel-sessions/x{query}\nIf-Match: *{if_none_match}\n\n{{}}");
        let answer = send(&fake, &request).await;
        let existing = if if_none_match.is_empty() {
            ExistingChannelSession::Replace
        } else {
            ExistingChannelSession::Refuse
        };
        let expected = CreateChannelSessionRequest {
            channel_session_id: "x".to_owned(),
            document_json: Some("{}".to_owned()),
            view: VIEW,
            existing: existing.into(),
            etag: "*".to_owned(),
            validate_only: !query.is_empty(),
            ..CreateChannelSessionRequest::default()
        };
        assert_eq!(fake.seen(), format!("{expected:?}"));
        assert_eq!((answer.status, &*answer.body), (status, DOCUMENT), "{request}");
    }
}

#[tokio::test]
async fn a_session_that_the_caller_has_is_not_sent_again() {
    let fake = Fake::with_revision(3);
    let answer = send(&fake, "GET /channel-sessions/x").await;
    assert_eq!((answer.status, answer.header("etag"), &*answer.body), (200, "\"3\"", DOCUMENT));
    let answer = send(&fake, "GET /channel-sessions/x\nIf-None-Match: \"2\", W/\"3\"").await;
    assert_eq!((answer.status, answer.header("etag"), &*answer.body), (304, "\"3\"", ""));
    // What browsers and proxies send by themselves does no harm.
    for header in [
        "If-None-Match: \"2\"",
        "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
        "If-Range: \"2\"",
        "Prefer: return=minimal",
        "Last-Event-ID: p",
    ] {
        let answer = send(&fake, &format!("GET /channel-sessions/x\n{header}")).await;
        assert_eq!((answer.status, &*answer.body), (200, DOCUMENT), "{header}");
    }
}

#[tokio::test]
async fn a_list_holds_each_document_as_it_is() {
    let fake = Fake { next_page_token: "t".to_owned(), ..Fake::with_revision(3) };
    let query = "conversationId=c&customerId=k&channelType=WEB&active=false&pageSize=7&pageToken=p";
    let answer = send(&fake, &format!("GET /channel-sessions?{query}")).await;
    let expected = ListChannelSessionsRequest {
        page_size: 7,
        page_token: "p".to_owned(),
        view: VIEW,
        conversation_id: "c".to_owned(),
        customer_id: "k".to_owned(),
        channel_type: "WEB".to_owned(),
        active: Some(false),
    };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    let items = format!(r#"[{{"id":"a/b","revision":3,"etag":"\"3\"","document":{DOCUMENT}}}]"#);
    assert_eq!(answer.body, format!(r#"{{"channelSessions":{items},"nextPageToken":"t"}}"#));
    let last = send(&Fake::with_revision(3), "GET /channel-sessions").await;
    assert_eq!(last.body, format!(r#"{{"channelSessions":{items}}}"#));
}

#[tokio::test]
async fn an_end_has_its_request_as_body() {
    let fake = Fake::with_revision(3);
    let body = r#"{"reasonCode":"CUSTOMER","state":"ENDED","validate_only":true}"#;
    let answer = send(&fake, &format!("POST /channel-sessions/a%2Fb/end\nIf-Match: *\n\n{body}")).await;
    let expected = EndChannelSessionRequest {
        channel_session_id: "a/b".to_owned(),
        reason_code: "CUSTOMER".to_owned(),
        state: "ENDED".to_owned(),
        view: VIEW,
        etag: "*".to_owned(),
        validate_only: true,
        ..EndChannelSessionRequest::default()
    };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    assert_eq!((answer.status, answer.header("etag"), &*answer.body), (200, "\"3\"", DOCUMENT));
}

#[tokio::test]
async fn a_deletion_answers_without_content() {
    let fake = Fake::with_revision(3);
    let answer =
        send(&fake, "DELETE /channel-sessions/x?allowMissing=true&validateOnly=false\nIf-Match: \"3\"").await;
    let expected = DeleteChannelSessionRequest {
        channel_session_id: "x".to_owned(),
        etag: "\"3\"".to_owned(),
        allow_missing: true,
        validate_only: false,
    };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    assert_eq!((answer.status, &*answer.body), (204, ""));
}

#[tokio::test]
async fn a_history_is_paged() {
    let fake = Fake { next_page_token: "t".to_owned(), ..Fake::with_revision(3) };
    let answer = send(&fake, "GET /channel-sessions/a%2Fb/history?key=k%20k&pageSize=2&pageToken=p").await;
    let expected = ListChannelSessionHistoryRequest {
        channel_session_id: "a/b".to_owned(),
        key: "k k".to_owned(),
        page_size: 2,
        page_token: "p".to_owned(),
    };
    assert_eq!(fake.seen(), format!("{expected:?}"));
    let event = json!({
        "id": "e", "name": "CHANNEL_SESSION_ENDED", "timestamp": 1000, "conversationId": "c",
        "change": {
            "channelSessionId": "a/b", "revision": 3, "requester": "anonymous", "requestId": "r", "traceId": null,
            "attributes": [],
        },
    });
    assert_eq!(answer.json(), json!({"events": [event], "nextPageToken": "t"}));
}

#[tokio::test]
async fn each_update_of_a_batch_has_its_own_result() {
    let fake = Fake::with_revision(3);
    let body = r#"{"requests":[{"channelSessionId":"a","attributes":[]},{"channelSessionId":"b"}]}"#;
    let answer = send(&fake, &format!("POST /batch-update-data\n\n{body}")).await;
    let request = |id: &str, attributes: Option<&str>| UpdateDataRequest {
        channel_session_id: id.to_owned(),
        attributes_json: attributes.map(str::to_owned),
        view: VIEW,
        ..UpdateDataRequest::default()
    };
    let requests = vec![request("a", Some("[]")), request("b", None)];
    assert_eq!(fake.seen(), format!("{:?}", BatchUpdateDataRequest { requests }));
    let made = format!(r#"{{"channelSession":{DOCUMENT},"etag":"\"3\"","changed":false}}"#);
    let failed =
        r#"{"error":{"status":400,"title":"Bad Request","detail":"wrong","reason":"INVALID_ATTRIBUTES"}}"#;
    assert_eq!((answer.status, answer.body), (200, format!(r#"{{"results":[{made},{failed}]}}"#)));
}

/// What is only checked changes nothing, whatever became of the call.
#[tokio::test]
async fn an_outcome_is_unknown_only_where_there_could_be_one() {
    let failure = Some(Status::new(Code::Unavailable, "gone"));
    let fake = Fake { failure, ..Fake::default() };
    for (request, expected) in [
        ("PATCH /channel-sessions/x\n\n{}", json!("unknown")),
        ("PATCH /channel-sessions/x\n\n{\"validateOnly\":true}", Value::Null),
        ("POST /channel-sessions?validateOnly=true\n\n{}", Value::Null),
        ("DELETE /channel-sessions/x", json!("unknown")),
        ("DELETE /channel-sessions/x?validateOnly=true", Value::Null),
        ("POST /batch-update-data\n\n{\"requests\":[{\"validateOnly\":true},{}]}", json!("unknown")),
        ("GET /channel-sessions", Value::Null),
        ("GET /events", Value::Null),
    ] {
        let answer = send(&fake, request).await;
        assert_eq!((answer.status, &answer.json()["outcome"]), (503, &expected), "{request}");
    }
}

#[tokio::test]
async fn a_path_says_what_it_takes() {
    let fake = Fake::default();
    for (request, allowed) in [
        ("POST /channel-sessions/x", "GET,HEAD,PUT,PATCH,DELETE"),
        ("GET /channel-sessions/x/end", "POST"),
        ("POST /channel-sessions/x/history", "GET,HEAD"),
        ("PUT /channel-sessions", "GET,HEAD,POST"),
        ("GET /batch-update-data", "POST"),
        ("POST /events", "GET,HEAD"),
        ("PATCH /forms/x", "PUT"),
    ] {
        let answer = send(&fake, request).await;
        assert_eq!((answer.status, answer.header("allow")), (405, allowed), "{request}");
        assert_eq!(answer.json()["reason"], "METHOD_NOT_ALLOWED");
        let (method, methods) = (request.split(' ').next().unwrap_or_default(), allowed.replace(',', ", "));
        assert_eq!(answer.json()["detail"], format!("the path does not take {method}; it takes {methods}"));
    }
    for path in ["/channel-sessions/x/end/", "/channel-sessions/x/y", "/history", "/event"] {
        let answer = send(&fake, &format!("GET {path}")).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (404, &json!("NOT_FOUND")), "{path}");
    }
}

/// No example of a path in an answer is one that there is not.
#[tokio::test]
async fn the_paths_that_are_told_are_there() {
    let fake = Fake::default();
    for Operation { path, .. } in operations() {
        let path = path.replace("{channelSessionId}", "x");
        assert_eq!(send(&fake, &format!("TRACE {path}")).await.status, 405, "{path}");
        if path == "/" {
            continue;
        }
        let answer = send(&fake, &format!("GET {path}/")).await;
        let detail = format!("there is no such path; {path} is one");
        assert_eq!((answer.status, &answer.json()["detail"]), (404, &json!(detail)));
    }
}

#[tokio::test]
async fn an_id_is_checked_first() {
    let fake = Fake::default();
    for request in [
        "PATCH /channel-sessions/%2E?x\n\n[",
        "POST /channel-sessions/a%00b/end\n\n[",
        "GET /channel-sessions/%ff/history?x",
        "DELETE /channel-sessions/%2e%2e?x",
        "PUT /forms/p%zz\n\n[",
        "GET /channel-sessions/%",
        "PATCH /channel-sessions/%2\n\n[",
    ] {
        let answer = send(&fake, request).await;
        let reason = answer.json()["reason"].clone();
        assert_eq!((answer.status, reason), (400, json!("INVALID_CHANNEL_SESSION_ID")), "{request}");
    }
}

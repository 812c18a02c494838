//! How much of a session the answer to a change holds.

use super::{fake::DOCUMENT, *};

const BASIC: &str = r#""view":"CHANNEL_SESSION_VIEW_BASIC""#;

/// Method, path and body of each change of one session, and the status of its answer without the document.
const CHANGES: [(&str, &str, u16); 6] = [
    ("PUT /forms/x", "[]", 204),
    ("PATCH /channel-sessions/x", "{}", 204),
    ("POST /channel-sessions/x/end", "{}", 204),
    ("POST /channel-sessions", "{}", 201),
    ("POST /channel-sessions?validateOnly=true", "{}", 204),
    ("PUT /channel-sessions/x", "{}", 204),
];

#[tokio::test]
async fn who_prefers_a_minimal_answer_gets_no_document() {
    let fake = Fake::with_revision(3);
    for (change, body, status) in CHANGES {
        let answer = send(&fake, &format!("{change}\nPrefer: return=minimal\n\n{body}")).await;
        assert!(fake.seen().contains("view: Basic"), "{change}: {}", fake.seen());
        assert_eq!((answer.status, answer.header("etag"), &*answer.body), (status, "\"3\"", ""), "{change}");
        assert_eq!(answer.header("preference-applied"), "return=minimal", "{change}");
        assert_eq!(answer.header("content-type"), "", "{change}");
        for preference in ["return=representation", "respond-async", "handling=strict"] {
            let answer = send(&fake, &format!("{change}\nPrefer: {preference}\n\n{body}")).await;
            assert_eq!((&*answer.body, answer.header("preference-applied")), (DOCUMENT, ""), "{change}");
        }
    }
    let stored = send(&fake, "POST /channel-sessions\nPrefer: return=minimal\n\n{}").await;
    assert_eq!(stored.header("location"), "/channel-sessions/a%2Fb");
    // A read is asked for its document.
    let read = send(&fake, "GET /channel-sessions/x\nPrefer: return=minimal").await;
    assert_eq!((read.status, &*read.body, read.header("preference-applied")), (200, DOCUMENT, ""));
}

#[tokio::test]
async fn a_request_names_its_view_as_it_does_over_grpc() {
    let fake = Fake::with_revision(3);
    for change in ["PATCH /channel-sessions/x", "POST /channel-sessions/x/end"] {
        let answer = send(&fake, &format!("{change}\n\n{{{BASIC}}}")).await;
        assert_eq!((answer.status, answer.header("etag"), &*answer.body), (204, "\"3\"", ""), "{change}");
        assert_eq!(answer.header("preference-applied"), "", "{change}");
        let json = r#"{"view":"CHANNEL_SESSION_VIEW_JSON"}"#;
        let answer = send(&fake, &format!("{change}\nPrefer: return=minimal\n\n{json}")).await;
        assert_eq!((answer.status, &*answer.body), (200, DOCUMENT), "{change}");
        assert_eq!(answer.header("preference-applied"), "", "{change}");
    }
}

#[tokio::test]
async fn the_results_of_a_batch_can_be_without_documents() {
    let fake = Fake::with_revision(3);
    let basic = format!(r#"{{"requests":[{{{BASIC}}}]}}"#);
    let json = r#"{"requests":[{"view":"CHANNEL_SESSION_VIEW_JSON"}]}"#;
    for (prefer, body, has_document, applied) in [
        ("Prefer: return=minimal", r#"{"requests":[{}]}"#, false, "return=minimal"),
        ("Prefer: return=minimal", json, true, ""),
        ("X-None: x", &*basic, false, ""),
        ("X-None: x", r#"{"requests":[{}]}"#, true, ""),
    ] {
        let answer = send(&fake, &format!("POST /batch-update-data\n{prefer}\n\n{body}")).await;
        assert_eq!((answer.status, answer.header("preference-applied")), (200, applied), "{prefer} {body}");
        let result = &answer.json()["results"][0];
        assert_eq!(result.get("channelSession").is_some(), has_document, "{prefer} {body}");
        assert_eq!((&result["etag"], &result["changed"]), (&"\"3\"".into(), &false.into()));
    }
}

//! Server-Sent Events over a watch.

use std::sync::atomic::Ordering;

use axum::body::Bytes;
use channel_session_api::v1::{
    ChannelSessionEvent, WatchChannelSessionsRequest, WatchChannelSessionsResponse,
};
use domain::{Error, Reason};
use http_body_util::BodyExt;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use wire::error::ErrorReply;

use super::*;

fn checkpoint(position: &str) -> Result<WatchChannelSessionsResponse, Status> {
    Ok(WatchChannelSessionsResponse { event: None, position: position.to_owned() })
}

fn change(position: &str, json: &str) -> Result<WatchChannelSessionsResponse, Status> {
    let event = ChannelSessionEvent { name: 2, json: json.to_owned(), ..Default::default() };
    Ok(WatchChannelSessionsResponse { event: Some(event), position: position.to_owned() })
}

fn expired() -> Status {
    ErrorReply::from(&Error::PositionExpired).to_status()
}

/// The next piece of a body.
async fn piece(body: &mut Body) -> Bytes {
    body.frame().await.expect("the body goes on").expect("no error").into_data().expect("data")
}

#[tokio::test]
async fn a_stream_begins_goes_on_and_ends_with_the_reason() {
    let fake = Fake {
        watch: vec![checkpoint("p.1"), change("p.2", "{\"n\":0.10}"), checkpoint("p.3"), Err(expired())],
        ..Fake::default()
    };
    let answer = send(&fake, "GET /events").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    assert_eq!((answer.header("cache-control"), answer.header("x-accel-buffering")), ("no-store", "no"));
    let (events, error) = answer.body.split_once("event: error\n").expect("it ended with an error");
    let expected = concat!(
        "retry: 2000\n: checkpoint\nid: p.1\n\n",
        "id: p.2\nevent: CHANNEL_SESSION_DATA_UPDATED\ndata: {\"n\":0.10}\n\n",
        ": checkpoint\nid: p.3\n\n",
    );
    assert_eq!(events, expected);
    let problem = error.strip_prefix("data: ").and_then(|line| line.strip_suffix("\n\n")).expect("one line");
    let problem: Value = serde_json::from_str(problem).expect("a problem is JSON");
    assert_eq!((&problem["status"], &problem["reason"]), (&json!(410), &json!("POSITION_EXPIRED")));
}

#[tokio::test]
async fn what_fails_before_the_first_message_is_a_problem() {
    let late = Fake { watch: vec![Err(expired())], ..Fake::default() };
    let early = Fake { failure: Some(expired()), ..Fake::default() };
    for fake in [late, early] {
        let answer = send(&fake, "GET /events?position=p").await;
        assert_eq!((answer.status, answer.header("content-type")), (410, "application/problem+json"));
        assert_eq!(answer.json()["reason"], "POSITION_EXPIRED");
    }
}

#[tokio::test]
async fn the_last_event_of_a_caller_that_comes_back_counts_before_its_query() {
    let fake = Fake { watch: vec![Err(expired())], ..Fake::default() };
    let query = "channelSessionId=x&key=a&key=b%26&position=p.1&conversationId=c";
    let mut expected = WatchChannelSessionsRequest {
        channel_session_id: "x".to_owned(),
        conversation_id: "c".to_owned(),
        keys: vec!["a".to_owned(), "b&".to_owned()],
        position: "p.1".to_owned(),
    };
    send(&fake, &format!("GET /events?{query}")).await;
    assert_eq!(fake.seen(), format!("{expected:?}"));
    send(&fake, &format!("GET /events?{query}\nLast-Event-ID: p.2")).await;
    expected.position = "p.2".to_owned();
    assert_eq!(fake.seen(), format!("{expected:?}"));
}

#[tokio::test]
async fn streams_have_places_of_their_own() {
    let fake = Fake { watch: vec![checkpoint("p.1")], ..Fake::with_revision(1) };
    let routes = routes(
        fake.upstream(),
        Options { max_concurrent_requests: 1, ..options() },
        CancellationToken::new(),
    );
    let (status, _, mut body) = open(&routes, "GET /events").await;
    assert_eq!(status, 200);
    assert_eq!(piece(&mut body).await, "retry: 2000\n: checkpoint\nid: p.1\n\n");
    let (status, headers, problem) = open(&routes, "GET /events").await;
    assert_eq!(status, 429);
    assert!(headers.contains_key("retry-after"));
    let problem = to_bytes(problem, usize::MAX).await.expect("the body is in memory");
    let problem: Value = serde_json::from_slice(&problem).expect("a problem is JSON");
    assert_eq!(problem["reason"], Reason::Overloaded.as_str());
    assert_eq!(open(&routes, "GET /channel-sessions/x").await.0, 200);
    // Who goes makes room.
    drop(body);
    assert_eq!(open(&routes, "GET /events").await.0, 200);
}

/// Browsers give up for good on any other status than 200.
#[tokio::test]
async fn a_browser_is_told_to_come_back_where_that_may_help() {
    let fail = |code, reason: Reason| {
        let failure = Some(ErrorReply::new(reason, "not now").to_status_with(code));
        Fake { failure, ..Fake::default() }
    };
    for (fake, comes_back) in [
        (fail(Code::ResourceExhausted, Reason::Overloaded), true),
        (fail(Code::Unavailable, Reason::StoreUnavailable), true),
        (fail(Code::DeadlineExceeded, Reason::DeadlineExceeded), true),
        (fail(Code::Internal, Reason::Internal), true),
        (Fake { failure: Some(Status::unavailable("gone")), ..Fake::default() }, true),
        (fail(Code::Unimplemented, Reason::NotSupported), false),
        (fail(Code::OutOfRange, Reason::PositionExpired), false),
        (fail(Code::InvalidArgument, Reason::InvalidParameter), false),
    ] {
        for accept in ["text/event-stream", "text/html, Text/Event-Stream;q=0.9"] {
            let answer = send(&fake, &format!("GET /events\nAccept: {accept}")).await;
            let is_stream = (answer.status, answer.header("content-type")) == (200, "text/event-stream");
            assert_eq!(is_stream, comes_back, "{answer:?}");
            if comes_back {
                assert!(answer.body.starts_with("retry: 2000\n: {\"status\":"), "{answer:?}");
            }
        }
        for accept in ["*/*", "application/json"] {
            let answer = send(&fake, &format!("GET /events\nAccept: {accept}")).await;
            assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_gateway_that_stops_ends_its_streams_with_the_reason() {
    let fake = Fake { watch: vec![checkpoint("p.1")], ..Fake::default() };
    let stopping = CancellationToken::new();
    let routes = routes(fake.upstream().until(stopping.clone()), options(), CancellationToken::new());
    let (_, _, mut body) = open(&routes, "GET /events").await;
    piece(&mut body).await;
    stopping.cancel();
    let rest = to_bytes(body, usize::MAX).await.expect("it ends");
    let rest = String::from_utf8(rest.into()).expect("text");
    assert!(rest.starts_with("event: error\ndata: {\"status\":503,"), "{rest}");
}

#[tokio::test]
async fn nothing_is_read_ahead_of_a_caller_that_does_not_read() {
    // More than the service's side of the connection puts into one piece, so that each is one.
    let large = format!("\"{}\"", "x".repeat(64 * 1024));
    let changes = (0..100).map(|_| change("p", &large));
    let watch = [checkpoint("p")].into_iter().chain(changes).collect();
    let fake = Fake { watch, ..Fake::default() };
    let (_, _, mut body) =
        open(&routes(fake.upstream(), options(), CancellationToken::new()), "GET /events").await;
    assert!(fake.sent.load(Ordering::Relaxed) <= 2);
    for taken in 1..=10 {
        piece(&mut body).await;
        let sent = fake.sent.load(Ordering::Relaxed);
        assert!(sent <= taken + 2, "{sent} were read when {taken} had been taken");
    }
}

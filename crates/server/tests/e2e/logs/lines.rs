//! What a call's line says.

use std::time::Duration;

use channel_session_api::v1::{GetChannelSessionRequest, WatchChannelSessionsRequest};
use http::Method;
use serde_json::Value;
use tonic::Request;

use super::{ID, ONE, end_of, lines_of};
use crate::support::{Front, Service, Store, on_both_stores, timeout::until};

on_both_stores!(a_line_says_which_session_it_was_and_what_became_of_it);

async fn a_line_says_which_session_it_was_and_what_became_of_it(store: Store) {
    let service = Service::with(store, Front::Alone, &[]).await;
    let gateway = service.gateway.as_ref().unwrap();
    let path = format!("/forms/{ID}");
    let answer = service.rest().send(Method::PUT, &path, ONE, &[("x-request-id", "changed")]).await;
    let revision: u64 = answer.headers["etag"].to_str().unwrap().trim_matches('"').parse().unwrap();
    let (rest, grpc) = (end_of(gateway, "changed").await, end_of(&service.server, "changed").await);
    for line in [&rest, &grpc] {
        assert_eq!(
            (&line["channel_session_id"], &line["revision"]),
            (&ID.into(), &revision.into()),
            "{line}"
        );
        assert_eq!((&line["level"], &line["reason"]), (&"INFO".into(), &Value::Null), "{line}");
        assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
        assert!(line["milliseconds"].as_f64().unwrap() > 0.0, "{line}");
    }
    assert_eq!(
        (&rest["request_bytes"], &rest["answer_bytes"]),
        (&ONE.len().into(), &answer.body.len().into())
    );
    // As a message it has a prefix, and names beside the document.
    assert!(grpc["request_bytes"].as_u64().unwrap() > ONE.len() as u64, "{grpc}");
    assert!(grpc["answer_bytes"].as_u64().unwrap() > answer.body.len() as u64, "{grpc}");

    // The history has the same session and revision: so it is joined with the log.
    let history = service.rest().send(Method::GET, &format!("/channel-sessions/{ID}/history"), "", &[]).await;
    let history: Value = serde_json::from_str(&history.body).unwrap();
    assert!(history.to_string().contains(&format!("\"revision\":{revision}")), "{history}");
}

on_both_stores!(a_line_says_why_a_call_was_refused_and_by_whose_fault);

async fn a_line_says_why_a_call_was_refused_and_by_whose_fault(store: Store) {
    let service = Service::with(store, Front::Alone, &["--max-attributes", "1"]).await;
    let gateway = service.gateway.as_ref().unwrap();
    let long = "x".repeat(300);
    for (id, session, body, rest, grpc, reason) in [
        ("bad", ID, "{}", "400", Some("INVALID_ARGUMENT"), "MALFORMED_BODY"),
        ("nobody", "nobody", ONE, "404", Some("NOT_FOUND"), "CHANNEL_SESSION_NOT_FOUND"),
        ("too-long", &long, ONE, "400", None, "INVALID_CHANNEL_SESSION_ID"),
    ] {
        service.rest().send(Method::PUT, &format!("/forms/{session}"), body, &[("x-request-id", id)]).await;
        let line = end_of(gateway, id).await;
        assert_eq!((&line["outcome"], &line["reason"]), (&rest.into(), &reason.into()), "{line}");
        assert_eq!(line["level"], "INFO", "{line}");
        let received: String = session.chars().take(255).collect();
        assert_eq!(line["channel_session_id"], received, "{line}");
        if let Some(grpc) = grpc {
            let line = end_of(&service.server, id).await;
            assert_eq!((&line["outcome"], &line["reason"]), (&grpc.into(), &reason.into()), "{line}");
        }
    }
}

#[tokio::test]
async fn what_fails_on_the_services_side_is_a_warning() {
    // Nobody is there.
    let service = Service::with_front(Store::Sqlite, Front::Alone, &[], &[]).await;
    let gateway = service.gateway.as_ref().unwrap();
    service.server.signal("KILL");
    service.rest().send(Method::PUT, &format!("/forms/{ID}"), ONE, &[("x-request-id", "away")]).await;
    // Others may come before it.
    let is_call = |line: &Value| line["message"] == "call";
    until("the line of the call", async || lines_of(gateway, "away").await.iter().any(is_call)).await;
    let lines = lines_of(gateway, "away").await;
    let line = lines.iter().find(|line| is_call(line)).unwrap();
    assert_eq!((&line["outcome"], &line["level"]), (&"503".into(), &"WARN".into()), "{line}");
    assert_eq!(line["reason"], "STORE_UNAVAILABLE", "{line}");
}

#[tokio::test]
async fn a_watch_has_a_line_at_its_beginning_and_one_at_its_end() {
    let service = Service::start(Store::Sqlite).await;
    let message = WatchChannelSessionsRequest { channel_session_id: ID.to_owned(), ..Default::default() };
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-request-id", "watch".parse().unwrap());
    let mut watch = service.grpc().await.watch_channel_sessions(request).await.unwrap().into_inner();
    watch.message().await.unwrap();
    let id = [("x-request-id", "events")];
    let events = service.rest().request(Method::GET, "/events", "", &id).await.unwrap();
    for id in ["watch", "events"] {
        let lines = lines_of(&service.server, id).await;
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert_eq!((&lines[0]["message"], &lines[0]["level"]), (&"stream began".into(), &"INFO".into()));
    }
    assert_eq!(lines_of(&service.server, "watch").await[0]["channel_session_id"], ID);
    drop((watch, events));
    for (id, outcome) in [("watch", "CANCELLED"), ("events", "499")] {
        let line = loop {
            let lines = lines_of(&service.server, id).await;
            if let Some(line) = lines.into_iter().find(|line| line["message"] == "call") {
                break line;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        assert_eq!((&line["outcome"], &line["level"]), (&outcome.into(), &"INFO".into()), "{line}");
        assert!(line["answer_bytes"].as_u64().unwrap() > 0, "{line}");
    }
}

#[tokio::test]
async fn calls_that_go_well_have_as_many_lines_as_are_wanted_and_what_fails_has_one() {
    let service = Service::with(Store::Sqlite, Front::Combined, &["--log-calls", "0%"]).await;
    let mut client = service.grpc().await;
    for session in [ID, "nobody"] {
        let message = GetChannelSessionRequest { channel_session_id: session.to_owned(), view: 0 };
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-request-id", session.parse().unwrap());
        let _ = client.get_channel_session(request).await;
    }
    end_of(&service.server, "nobody").await;
    let log = service.server.log();
    assert!(!log.iter().any(|line| line["span"]["request_id"] == ID), "{log:#?}");
}

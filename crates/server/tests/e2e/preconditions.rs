//! What a caller requires of a session before its change, and what it is answered where that does not hold.

mod attributes;
mod race;

use channel_session_api::v1::{EndChannelSessionRequest, UpdateDataRequest};
use http::Method;

use crate::support::{
    Caller, Client, Failure, Rest, Service, Store, caller::set, failure::Mismatch, on_both_stores, rest::JSON,
};

on_both_stores!(a_revision_that_is_required_guards_each_change);

/// The update, refused over both transports, which have to agree on all that they answer.
async fn refused(grpc: &Client, rest: &Rest, request: &UpdateDataRequest) -> Failure {
    let over_grpc = Caller::Grpc(grpc.clone()).update(request).await.expect_err("over gRPC");
    let over_rest = Caller::Rest(rest.clone()).update(request).await.expect_err("over REST");
    assert_eq!(over_rest, over_grpc.clone().in_words_of_rest(true), "{request:?}");
    over_grpc
}

fn at(revision: i64) -> Box<Mismatch> {
    let etag = format!("\"{revision}\"");
    Box::new(Mismatch { revision, etag, key: None, present: None, value_omitted: false })
}

async fn a_revision_that_is_required_guards_each_change(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let callers = [Caller::Grpc(grpc.clone()), Caller::Rest(rest.clone())];
    service.create("x", "{}").await;
    let with = |etag: &str, value: i64| UpdateDataRequest {
        etag: etag.to_owned(),
        ..set("x", "k", "Number", value)
    };
    // What the reply gave is what the next change requires, in whichever words.
    let mut revision = 1;
    for words in ["\"{}\"", "*", "\"7777\", \"{}\"", "\"nonsense\",W/\"{}\",\"{}\"", " \"{}\" , "] {
        for caller in &callers {
            let etag = words.replace("{}", &revision.to_string());
            let session = caller.update(&with(&etag, revision)).await;
            revision += 1;
            assert_eq!(session.unwrap().revision, revision, "{etag}");
        }
    }
    for etag in
        ["\"1\"", "\"1\", \"2\"", &format!("W/\"{revision}\""), "\"nonsense\"", &format!("\"0{revision}\"")]
    {
        let failure = refused(&grpc, &rest, &with(etag, 0)).await;
        assert_eq!(failure.reason, "REVISION_MISMATCH", "{etag}");
        assert_eq!(failure.mismatch, Some(at(revision)), "{etag}");
        let answer = rest.send(Method::PUT, "/forms/x", "[]", &[("if-match", etag)]).await;
        assert_eq!((answer.status.as_u16(), answer.failure().mismatch), (412, Some(at(revision))), "{etag}");
    }
    for etag in ["7", "\"7", "*, \"7\"", "\"7\" \"8\""] {
        let failure = refused(&grpc, &rest, &with(etag, 0)).await;
        assert_eq!(
            (&*failure.reason, failure.rules()),
            ("INVALID_PARAMETER", vec![("etag", "", "etag")]),
            "{etag}"
        );
    }

    // In the body of a PATCH it is the same; there, and in the header, it must not differ.
    let send = async |body: &str, headers: &[(&str, &str)]| {
        rest.send(Method::PATCH, "/channel-sessions/x", body.to_owned(), &[&JSON, headers].concat()).await
    };
    let answer = send(r#"{"etag":"\"1\""}"#, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.failure().mismatch), (412, Some(at(revision))));
    let answer = send(r#"{"etag":"\"1\""}"#, &[("if-match", "\"2\"")]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (400, "MALFORMED_BODY"));
    let body = format!(r#"{{"etag":"\"{revision}\"","removeKeys":["k"]}}"#);
    let answer = send(&body, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (200, revision + 1), "{answer:?}");

    // An end can require it too.
    let (channel_session_id, reason_code) = ("x".to_owned(), "AGENT".to_owned());
    let etag = format!("\"{revision}\"");
    let end = EndChannelSessionRequest { channel_session_id, reason_code, etag, ..Default::default() };
    let failure = Failure::from_status(&grpc.clone().end_channel_session(end).await.unwrap_err());
    assert_eq!(failure.mismatch, Some(at(revision + 1)));
    let path = "/channel-sessions/x/end";
    let answer =
        rest.send(Method::POST, path, r#"{"reasonCode":"AGENT"}"#, &[JSON[0], ("if-match", "\"1\"")]).await;
    assert_eq!((answer.status.as_u16(), answer.failure()), (412, failure));
}

//! The end of a session, and its deletion, by a caller or in time.

use channel_session_api::v1::{
    ChannelSessionView, DeleteChannelSessionRequest, EndChannelSessionRequest, EventName,
};
use http::Method;

use super::{EXACT, both, create, creation, is, put};
use crate::support::{
    Client, Failure, Front, Service, Store, Watch,
    caller::{Session, set},
    on_both_stores,
    rest::JSON,
    timeout::until,
    watch::session,
};

on_both_stores!(
    an_end_keeps_the_documents_shape,
    a_deletion_leaves_the_revision_and_nothing_else,
    what_ended_is_deleted_in_time,
);

async fn an_end_keeps_the_documents_shape(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let documents = [
        (r#"{"a":0.10}"#, r#"{"a":0.10,"state":{"name":"ENDED","reasonCode":"AGENT"},"isActive":false}"#),
        (r#"{"state":"STARTED","isActive":true}"#, r#"{"state":"ENDED","isActive":false}"#),
        (
            r#"{"state":{"name":"STARTED","reasonCode":"CUSTOMER","more":1},"active":true}"#,
            r#"{"state":{"name":"ENDED","reasonCode":"AGENT","more":1},"active":false}"#,
        ),
        (
            r#"{"state":null,"active":true,"isActive":true}"#,
            r#"{"state":{"name":"ENDED","reasonCode":"AGENT"},"active":false,"isActive":false}"#,
        ),
    ];
    for (at, (document, ended)) in documents.into_iter().enumerate() {
        let (a, b) = (format!("grpc-{at}"), format!("rest-{at}"));
        service.create(&a, document).await;
        service.create(&b, document).await;
        let request = EndChannelSessionRequest {
            channel_session_id: a.clone(),
            reason_code: "AGENT".to_owned(),
            view: ChannelSessionView::Json.into(),
            ..Default::default()
        };
        let over_grpc = grpc.clone().end_channel_session(request).await.unwrap().into_inner();
        let path = format!("/channel-sessions/{b}/end");
        let over_rest = rest.send(Method::POST, &path, r#"{"reasonCode":"AGENT"}"#, &JSON).await;
        assert_eq!(over_rest.status, 200, "{over_rest:?}");
        assert_eq!(Session::from(&over_rest), over_grpc.channel_session.unwrap().into());
        for id in [a, b] {
            is(&grpc, &rest, &id, 2, ended).await;
            let refused = grpc.clone().update_data(set(&id, "k", "Number", 1)).await.unwrap_err();
            assert_eq!(Failure::from_status(&refused).reason, "CHANNEL_SESSION_NOT_ACTIVE");
        }
    }
}

async fn delete(client: &Client, id: &str, allow_missing: bool) -> Result<(i64, bool), Failure> {
    let channel_session_id = id.to_owned();
    let request = DeleteChannelSessionRequest { channel_session_id, allow_missing, ..Default::default() };
    let response = client.clone().delete_channel_session(request).await;
    response
        .map(|response| (response.get_ref().revision, response.get_ref().changed))
        .map_err(|status| Failure::from_status(&status))
}

async fn a_deletion_leaves_the_revision_and_nothing_else(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    rest.create(r#"{"id":"x","secret":"s"}"#).await;
    assert_eq!(rest.update("x", r#"[{"key":"k","type":"Number","value":1}]"#).await.revision(), 2);

    let answer = rest.send(Method::DELETE, "/channel-sessions/x", "", &[("if-match", "\"1\"")]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (412, "REVISION_MISMATCH"));
    let answer = rest.send(Method::DELETE, "/channel-sessions/x", "", &[("if-match", "\"2\"")]).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (204, ""), "{answer:?}");
    let missing = both(&grpc, &rest, "x").await.unwrap_err();
    assert_eq!(missing.reason, "CHANNEL_SESSION_NOT_FOUND");
    // A second time there is nothing to erase, which a caller may say is fine.
    let answer = rest.send(Method::DELETE, "/channel-sessions/x", "", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.failure()), (404, missing.clone()));
    assert_eq!(delete(&grpc, "x", false).await, Err(missing));
    let answer = rest.send(Method::DELETE, "/channel-sessions/x?allowMissing=true", "", &[]).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(delete(&grpc, "x", true).await, Ok((3, false)));
    assert_eq!(delete(&grpc, "never", true).await, Ok((0, false)));
    let answer = rest.send(Method::GET, "/channel-sessions/x/history", "", &[]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (404, "CHANNEL_SESSION_NOT_FOUND"));

    // The revision never runs twice: the deletion had one too.
    let answer = rest.create(r#"{"id":"x"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (201, 4), "{answer:?}");
    is(&grpc, &rest, "x", 4, r#"{"id":"x"}"#).await;
    assert_eq!(delete(&grpc, "x", false).await, Ok((5, true)));
    assert!(create(&grpc, creation("x", "{}")).await.unwrap().changed);
    is(&grpc, &rest, "x", 6, "{}").await;
    // A PUT does not know whether it is new: it goes on counting as one that is replaced would.
    assert_eq!(delete(&grpc, "x", false).await, Ok((7, true)));
    let answer = put(&rest, "x", "", EXACT, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (200, 8));
    // What is stored again knows nothing of what was before.
    let answer = rest.send(Method::GET, "/channel-sessions/x/history", "", &[]).await;
    let history: serde_json::Value = serde_json::from_str(answer.document()).unwrap();
    assert_eq!(history["events"].as_array().unwrap().last().unwrap()["change"]["revision"], 7, "{history}");
}

async fn what_ended_is_deleted_in_time(store: Store) {
    let flags = ["--ended-retention", "1s", "--retention-interval", "100ms"];
    let service = Service::with(store, Front::Combined, &flags).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let mut watch = Watch::start(&grpc, session("x")).await;
    for id in ["x", "active"] {
        service.create(id, "{}").await;
    }
    let end = rest.send(Method::POST, "/channel-sessions/x/end", r#"{"reasonCode":"AGENT"}"#, &JSON).await;
    assert_eq!(end.revision(), 2);
    until("the deletion", async || rest.get("x").await.status == 404).await;
    // It is one like any other: it is delivered, and leaves the revision.
    let deleted = loop {
        let event = watch.next().await;
        if event.name() == EventName::Deleted {
            break event;
        }
    };
    assert_eq!((deleted.revision, &*deleted.requester), (3, "channel-sessions"));
    assert!(deleted.json.contains(r#""channelSession":null"#), "{}", deleted.json);
    service.create("x", "{}").await;
    is(&grpc, &rest, "x", 4, "{}").await;
    is(&grpc, &rest, "active", 1, "{}").await;
}

//! A session's life, seen over both transports: whatever is done over one of them is there over the other, exact.

mod ending;

use channel_session_api::v1::{
    ChannelSessionView, CreateChannelSessionRequest, CreateChannelSessionResponse, ExistingChannelSession,
    GetChannelSessionRequest,
};
use http::Method;

use crate::support::{
    Client, Failure, Rest, Service, Store,
    caller::{Session, set},
    document::value_of,
    json, on_both_stores,
    rest::{Answer, JSON, encode},
};

on_both_stores!(
    what_is_created_over_one_transport_is_there_over_the_other,
    another_document_is_put_in_the_place_of_one,
    nothing_is_done_where_all_is_only_checked,
);

const EXACT: &str =
    r#"{"n":[12345678901234567890,0.10,1.000],"null":null,"state":"STARTED","isActive":true}"#;

async fn get(client: &Client, id: &str) -> Result<Session, Failure> {
    let view = ChannelSessionView::Json.into();
    let request = GetChannelSessionRequest { channel_session_id: id.to_owned(), view };
    let response = client.clone().get_channel_session(request).await;
    response
        .map(|response| response.into_inner().channel_session.unwrap().into())
        .map_err(|status| Failure::from_status(&status))
}

/// The session as both transports return it, which have to agree.
async fn both(client: &Client, rest: &Rest, id: &str) -> Result<Session, Failure> {
    let over_grpc = get(client, id).await;
    let answer = rest.get(id).await;
    let over_rest = if answer.status == 200 { Ok(Session::from(&answer)) } else { Err(answer.failure()) };
    assert_eq!(over_rest, over_grpc, "{id}");
    over_grpc
}

/// Asserts what both transports return of a session.
async fn is(client: &Client, rest: &Rest, id: &str, revision: i64, document: &str) {
    let session = both(client, rest, id).await.unwrap();
    assert_eq!((session.revision, session.document), (revision, json(document)), "{id}");
}

fn creation(id: &str, document: &str) -> CreateChannelSessionRequest {
    CreateChannelSessionRequest {
        channel_session_id: id.to_owned(),
        document_json: Some(document.to_owned()),
        view: ChannelSessionView::Json.into(),
        ..Default::default()
    }
}

async fn create(
    client: &Client,
    request: CreateChannelSessionRequest,
) -> Result<CreateChannelSessionResponse, Failure> {
    let response = client.clone().create_channel_session(request).await;
    response.map(tonic::Response::into_inner).map_err(|status| Failure::from_status(&status))
}

async fn put(rest: &Rest, id: &str, query: &str, document: &str, headers: &[(&str, &str)]) -> Answer {
    let path = format!("/channel-sessions/{}{query}", encode(id));
    let headers = [&[("content-type", "application/json")], headers].concat();
    rest.send(Method::PUT, &path, document.to_owned(), &headers).await
}

async fn what_is_created_over_one_transport_is_there_over_the_other(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());

    let response = create(&grpc, creation("over grpc", EXACT)).await.unwrap();
    assert!(response.changed);
    let created = Session::from(response.channel_session.unwrap());
    assert_eq!((created.revision, created.document.clone()), (1, json(EXACT)));
    assert_eq!(both(&grpc, &rest, "over grpc").await, Ok(created));

    let document = EXACT.replacen('{', r#"{"id":"over/rest..","#, 1);
    let answer = rest.create(document.clone()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.headers["etag"], "\"1\"");
    assert_eq!(answer.headers["location"], "/channel-sessions/over%2Frest..");
    assert_eq!(json(answer.document()), json(&document));
    assert_eq!(both(&grpc, &rest, "over/rest..").await, Ok(Session::from(&answer)));
    let got = rest.send(Method::GET, "/channel-sessions/over%2Frest..", "", &[]).await;
    assert_eq!(Session::from(&got), Session::from(&answer));

    let headers = [("if-none-match", "\"1\"")];
    let known = rest.send(Method::GET, "/channel-sessions/over%2Frest..", "", &headers).await;
    assert_eq!(
        (known.status.as_u16(), &*known.body, &known.headers["etag"]),
        (304, "", &got.headers["etag"])
    );

    // Refused if it exists, unless the caller says otherwise.
    for id in ["over grpc", "over/rest.."] {
        let refused = create(&grpc, creation(id, "{}")).await.unwrap_err();
        assert_eq!(refused.reason, "CHANNEL_SESSION_EXISTS");
        let answer = rest.create(format!(r#"{{"id":"{id}"}}"#)).await;
        assert_eq!((answer.status.as_u16(), answer.failure()), (409, refused));
        let existing = ExistingChannelSession::Keep.into();
        let kept = CreateChannelSessionRequest { existing, ..creation(id, "{}") };
        let kept = create(&grpc, kept).await.unwrap();
        assert!(!kept.changed);
        assert_eq!(both(&grpc, &rest, id).await, Ok(kept.channel_session.unwrap().into()));
    }
}

async fn another_document_is_put_in_the_place_of_one(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let existing = ExistingChannelSession::Replace.into();
    let replacement = |document| CreateChannelSessionRequest { existing, ..creation("x", document) };

    // It need not be there.
    let answer = put(&rest, "x", "", EXACT, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (201, 1), "{answer:?}");
    is(&grpc, &rest, "x", 1, EXACT).await;
    // Where it is the same, text by text, nothing changes.
    let answer = put(&rest, "x", "", &EXACT.replace(":[", ": [ "), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (200, 1), "{answer:?}");
    assert!(!create(&grpc, replacement(EXACT)).await.unwrap().changed);

    let other = EXACT.replace("0.10", "0.1");
    let answer = put(&rest, "x", "", &other, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (200, 2), "{answer:?}");
    is(&grpc, &rest, "x", 2, &other).await;
    assert!(create(&grpc, replacement("{}")).await.unwrap().changed);
    is(&grpc, &rest, "x", 3, "{}").await;

    // Only the one that the caller knows, or only where there is none.
    let answer = put(&rest, "x", "", EXACT, &[("if-match", "\"2\"")]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (412, "REVISION_MISMATCH"));
    let etag = "\"2\"".to_owned();
    let refused = create(&grpc, CreateChannelSessionRequest { etag, ..replacement(EXACT) }).await;
    assert_eq!(refused.unwrap_err(), answer.failure());
    let answer = put(&rest, "x", "", EXACT, &[("if-none-match", "*")]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (412, "CHANNEL_SESSION_EXISTS"));
    let answer = put(&rest, "y", "", EXACT, &[("if-match", "*")]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (404, "CHANNEL_SESSION_NOT_FOUND"));
    is(&grpc, &rest, "x", 3, "{}").await;
    let answer = put(&rest, "x", "", EXACT, &[("if-match", "\"3\"")]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (200, 4));
    let answer = put(&rest, "y", "", EXACT, &[("if-none-match", "*")]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (201, 1));
    // The document's own id has to be that of the path.
    let answer = put(&rest, "x", "", r#"{"id":"z"}"#, &[]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (400, "INVALID_DOCUMENT"));
}

async fn nothing_is_done_where_all_is_only_checked(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    service.create("x", EXACT).await;

    let answer = rest.send(Method::POST, "/channel-sessions?validateOnly=true", r#"{"id":"y"}"#, &JSON).await;
    assert_eq!((answer.status.as_u16(), answer.headers.get("location")), (200, None), "{answer:?}");
    assert_eq!(rest.get("y").await.status, 404);
    let answer = put(&rest, "x", "?validateOnly=true", "{}", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.revision(), &*answer.body), (200, 1, "{}"));
    let path = "/channel-sessions/x/end";
    let end = rest.send(Method::POST, path, r#"{"reasonCode":"AGENT","validateOnly":true}"#, &JSON).await;
    assert_eq!((end.status.as_u16(), end.revision()), (200, 1));
    assert!(end.body.contains(r#""isActive":false"#), "{end:?}");
    let answer = rest.send(Method::DELETE, "/channel-sessions/x?validateOnly=true", "", &[]).await;
    assert_eq!(answer.status, 204);
    let mut update = set("x", "k", "Number", "0.10");
    update.validate_only = true;
    let validated = grpc.clone().update_data(update).await.unwrap().into_inner();
    assert!(validated.changed);
    let session = Session::from(validated.channel_session.unwrap());
    assert_eq!(session.revision, 1);
    assert_eq!(value_of(&session.document, "k"), "0.10");

    is(&grpc, &rest, "x", 1, EXACT).await;
}

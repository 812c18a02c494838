//! The documented request on the documented session, every way that it can be made.

use channel_session_api::v1::{ChannelSessionView, GetChannelSessionRequest, UpdateDataRequest};
use store_testkit::seed::{CHANNEL_SESSION, UPDATE_DATA_REQUEST};

use crate::support::{Front, Service, Store, json, on_both_stores};

const ID: &str = "64e2f08a6155b317cd3f88fd";

on_both_stores!(over_rest, through_a_gateway_alone, over_grpc, over_grpc_as_json);

async fn over_rest(store: Store) {
    put(Service::start(store).await).await;
}

async fn through_a_gateway_alone(store: Store) {
    put(Service::with(store, Front::Alone, &[]).await).await;
}

async fn put(service: Service) {
    let answer = service.rest().update(ID, UPDATE_DATA_REQUEST).await;
    assert_eq!(answer.status, 200);
    assert_eq!(json(answer.document()), json(CHANNEL_SESSION));
    assert_eq!(answer.headers["etag"], "\"1\"");

    let got = service.rest().get(ID).await;
    assert_eq!((got.body, got.headers["etag"].clone()), (answer.body, answer.headers["etag"].clone()));
}

async fn over_grpc(store: Store) {
    let service = Service::start(store).await;
    let attributes = serde_json::from_str::<Vec<serde_json::Value>>(UPDATE_DATA_REQUEST).unwrap();
    let attributes = attributes.iter().map(|attribute| channel_session_api::v1::Attribute {
        key: attribute["key"].as_str().unwrap().to_owned(),
        r#type: attribute["type"].as_str().unwrap().to_owned(),
        value: Some(protobuf(&attribute["value"])),
        value_json: None,
    });
    let request = UpdateDataRequest {
        channel_session_id: ID.to_owned(),
        attributes: attributes.collect(),
        view: ChannelSessionView::Full.into(),
        ..Default::default()
    };
    let response = service.grpc().await.update_data(request).await.unwrap().into_inner();
    assert!(!response.changed);
    let session = response.channel_session.unwrap();
    assert_eq!((session.revision, &*session.etag), (1, "\"1\""));
    assert_eq!(json(&session.document_json), json(CHANNEL_SESSION));
    // Each documented member is in the typed session: the tests of the view and of the clients in other languages hold
    // all of them to the document; here a few stand for the rest of the way.
    assert_eq!(session.unmapped_members, Vec::<String>::new());
    assert_eq!(session.empty_lists, Vec::<String>::new());
    assert_eq!(session.id.as_deref(), Some(ID));
    assert_eq!(session.state.unwrap().reason_code.as_deref(), Some("CUSTOMER"));
    assert_eq!(session.channel_data.unwrap().additional_attributes.len(), 3);
}

async fn over_grpc_as_json(store: Store) {
    let service = Service::start(store).await;
    let mut client = service.grpc().await;
    let request = UpdateDataRequest {
        channel_session_id: ID.to_owned(),
        attributes_json: Some(UPDATE_DATA_REQUEST.to_owned()),
        view: ChannelSessionView::Json.into(),
        ..Default::default()
    };
    let updated = client.update_data(request).await.unwrap().into_inner();
    let request =
        GetChannelSessionRequest { channel_session_id: ID.to_owned(), view: ChannelSessionView::Json.into() };
    let got = client.get_channel_session(request).await.unwrap().into_inner();
    assert_eq!(got.channel_session, updated.channel_session);
    assert_eq!(json(&got.channel_session.unwrap().document_json), json(CHANNEL_SESSION));
}

fn protobuf(value: &serde_json::Value) -> prost_types::Value {
    use prost_types::value::Kind;
    // The documented request holds nothing but text and objects of it.
    let kind = match value.as_object() {
        Some(members) => Kind::StructValue(prost_types::Struct {
            fields: members.iter().map(|(name, value)| (name.clone(), protobuf(value))).collect(),
        }),
        None => Kind::StringValue(value.as_str().unwrap().to_owned()),
    };
    prost_types::Value { kind: Some(kind) }
}

//! The layers around streams, which calls from within do not meet: called as over the network, but without one.

use std::{
    convert::Infallible,
    io,
    time::{Duration, Instant},
};

use axum::body::Body;
use channel_session_api::v1::{
    ChannelSessionView, GetChannelSessionRequest, StreamUpdateDataRequest, WatchChannelSessionsRequest,
    channel_session_service_client::ChannelSessionServiceClient,
};
use futures_util::stream;
use store_testkit::memory::Memory;
use tonic::{Code, Request, Status};
use tower::{ServiceExt, util::BoxCloneSyncService};

use super::*;
use crate::{
    Options,
    over_memory::{create, over, update},
};

pub(super) type Transport =
    BoxCloneSyncService<http::Request<tonic::body::Body>, http::Response<tonic::body::Body>, io::Error>;

pub(super) fn client(service: &Service) -> ChannelSessionServiceClient<Transport> {
    let health = Health::default();
    let transport = routes(service.clone(), &health)
        .map_request(|request: http::Request<tonic::body::Body>| request.map(Body::new))
        .map_response(|response: http::Response<Body>| response.map(tonic::body::Body::new))
        .map_err(|never: Infallible| match never {});
    ChannelSessionServiceClient::with_origin(
        BoxCloneSyncService::new(transport),
        http::Uri::from_static("http://in-process"),
    )
}

fn reason(status: &Status) -> String {
    let message: tonic_types::pb::Status =
        prost::Message::decode(status.details()).expect("a google.rpc.Status");
    let info: tonic_types::pb::ErrorInfo =
        prost::Message::decode(&*message.details[0].value).expect("an ErrorInfo");
    info.reason
}

/// Until the server's limit nothing ends it; at the caller's own it ends as a call would.
#[tokio::test]
async fn a_watch_goes_on_beyond_the_server_s_limit_and_ends_at_the_caller_s_own() {
    let limit = Duration::from_millis(100);
    let service = over(Memory::default(), Options { max_deadline: limit, ..Options::default() });
    let mut request = Request::new(WatchChannelSessionsRequest::default());
    request.set_timeout(limit * 3);
    let since = Instant::now();
    let mut watch = client(&service).watch_channel_sessions(request).await.expect("a watch").into_inner();
    assert!(watch.message().await.expect("a checkpoint").is_some());
    let status = watch.message().await.expect_err("the end");
    assert_eq!((status.code(), &*reason(&status)), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    assert!(since.elapsed() >= limit * 3, "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_stream_of_updates_ends_at_the_caller_s_deadline() {
    let service = over(Memory::default(), Options::default());
    create(&service, ["a".to_owned()], "").await;
    let one = StreamUpdateDataRequest { request: Some(update("a", "k", "\"1\"")) };
    let requests = futures_util::StreamExt::chain(stream::iter([one]), stream::pending());
    let mut request = Request::new(requests);
    request.set_timeout(Duration::from_millis(100));
    let mut results = client(&service).stream_update_data(request).await.expect("a stream").into_inner();
    assert!(results.message().await.expect("a result").is_some());
    let status = results.message().await.expect_err("the end");
    assert_eq!((status.code(), &*reason(&status)), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
}

#[tokio::test]
async fn streams_take_no_place_of_a_call() {
    let service = over(Memory::default(), Options { max_concurrent_calls: 1, ..Options::default() });
    create(&service, ["a".to_owned()], "").await;
    let mut client = client(&service);
    let mut watches = Vec::new();
    for _ in 0..3 {
        let watch = client.watch_channel_sessions(WatchChannelSessionsRequest::default()).await;
        watches.push(watch.expect("a watch"));
    }
    let updates = client.stream_update_data(stream::pending()).await.expect("a stream");
    let request = GetChannelSessionRequest {
        channel_session_id: "a".to_owned(),
        view: ChannelSessionView::Basic.into(),
    };
    client.get_channel_session(request).await.expect("the session");

    // Nor do those that wait for their callers take any of one another.
    client.stream_update_data(stream::pending()).await.expect("another stream");
    drop(updates);
}

//! The same over gRPC, and streams.

use std::collections::BTreeSet;

use channel_session_api::{
    FILE_DESCRIPTOR_SET,
    v1::{
        BatchUpdateDataRequest, DeleteChannelSessionRequest, EndChannelSessionRequest,
        GetChannelSessionRequest, ListChannelSessionHistoryRequest, ListChannelSessionsRequest,
        StreamUpdateDataRequest, WatchChannelSessionsRequest,
    },
};
use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{Request, Status};

use super::{CANARY, IDS, key, two_tenants};
use crate::support::{
    Failure, Front, Store, also_with_row_level_security, caller::set, service::Client, timeout::within,
};

also_with_row_level_security!(no_method_shows_or_changes_what_another_tenant_has);

/// A request of green.
fn of_green<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {}", key("bot")).parse().unwrap());
    request
}

/// What a method says, in words, with the id that was asked for under one name.
fn said<T: std::fmt::Debug>(result: Result<T, Status>, id: &str) -> String {
    let answered = match result {
        Ok(message) => format!("{message:?}"),
        Err(status) => format!("{:?} {:?}", status.code(), Failure::from_status(&status)),
    };
    assert!(!answered.contains(CANARY), "{answered}");
    answered.replace(id, "{id}")
}

/// Asks a method about an id; none where there is no such method.
async fn ask(client: &mut Client, method: &str, id: &str) -> Option<String> {
    let update = || set(id, "k", "Number", 1);
    let channel_session_id = id.to_owned();
    Some(match method {
        "UpdateData" => {
            let answered = client.update_data(of_green(update())).await;
            said(answered.map(tonic::Response::into_inner), id)
        }
        "BatchUpdateData" => {
            let request = BatchUpdateDataRequest { requests: vec![update()] };
            let answered = client.batch_update_data(of_green(request)).await;
            said(answered.map(tonic::Response::into_inner), id)
        }
        "StreamUpdateData" => {
            let requests = [StreamUpdateDataRequest { request: Some(update()) }];
            let stream = of_green(futures_util::stream::iter(requests));
            let mut answers = client.stream_update_data(stream).await.unwrap().into_inner();
            said(within("an answer", answers.message()).await, id)
        }
        "CreateChannelSession" => {
            let request = channel_session_api::v1::CreateChannelSessionRequest {
                channel_session_id,
                document_json: Some("{}".to_owned()),
                ..Default::default()
            };
            said(client.create_channel_session(of_green(request)).await.map(tonic::Response::into_inner), id)
        }
        "GetChannelSession" => {
            let request = GetChannelSessionRequest { channel_session_id, ..Default::default() };
            said(client.get_channel_session(of_green(request)).await.map(tonic::Response::into_inner), id)
        }
        "ListChannelSessions" => {
            let request = ListChannelSessionsRequest { conversation_id: id.to_owned(), ..Default::default() };
            said(client.list_channel_sessions(of_green(request)).await.map(tonic::Response::into_inner), id)
        }
        "EndChannelSession" => {
            let request = EndChannelSessionRequest {
                channel_session_id,
                reason_code: "AGENT".to_owned(),
                ..Default::default()
            };
            said(client.end_channel_session(of_green(request)).await.map(tonic::Response::into_inner), id)
        }
        "DeleteChannelSession" => {
            let request = DeleteChannelSessionRequest { channel_session_id, ..Default::default() };
            said(client.delete_channel_session(of_green(request)).await.map(tonic::Response::into_inner), id)
        }
        "ListChannelSessionHistory" => {
            let request = ListChannelSessionHistoryRequest { channel_session_id, ..Default::default() };
            let answered = client.list_channel_session_history(of_green(request)).await;
            said(answered.map(tonic::Response::into_inner), id)
        }
        "WatchChannelSessions" => {
            let request = WatchChannelSessionsRequest { channel_session_id, ..Default::default() };
            let mut watch = client.watch_channel_sessions(of_green(request)).await.unwrap().into_inner();
            let first = within("a position", watch.message()).await.unwrap().unwrap();
            said(Ok(first.event), id)
        }
        _ => return None,
    })
}

async fn no_method_shows_or_changes_what_another_tenant_has(store: Store) {
    let guarded = two_tenants(store, Front::Combined).await;
    let mut client = guarded.service.grpc().await;
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.into_iter().filter(|file| file.package() == "channelsession.v1");
    let methods: BTreeSet<_> = services
        .flat_map(|file| file.service)
        .flat_map(|service| service.method)
        .map(|method| method.name().to_owned())
        .collect();
    // What makes a session comes last: from then on, green has one of that id.
    let (makes, others): (Vec<_>, Vec<_>) = methods.iter().partition(|name| name.starts_with("Create"));
    let before = guarded.rest("ivr", http::Method::GET, "/channel-sessions/of-blue", "").await;
    for method in others.into_iter().chain(makes) {
        let mut answered = Vec::new();
        for id in IDS {
            answered
                .push(ask(&mut client, method, id).await.unwrap_or_else(|| panic!("{method} is not tried")));
        }
        assert_eq!(answered[0], answered[1], "{method}");
    }
    let after = guarded.rest("ivr", http::Method::GET, "/channel-sessions/of-blue", "").await;
    assert_eq!((after.revision(), &after.body), (before.revision(), &before.body));
}

/// The events of a stream, by the lines with their ids.
pub(super) fn ids(response: Response<Incoming>) -> Stream {
    assert_eq!(response.status().as_u16(), 200);
    Stream { body: response.into_body(), text: String::new() }
}

pub(super) struct Stream {
    body: Incoming,
    text: String,
}

impl Stream {
    /// The next id.
    pub(super) async fn next(&mut self) -> String {
        let line = self.until("id:").await;
        let (_, id) = line.rsplit_once("id:").unwrap();
        id.trim().lines().next().unwrap().trim().to_owned()
    }

    /// What comes up to the end of the line that has this text.
    pub(super) async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.text.find(text)
                && let Some(end) = self.text[at..].find('\n')
            {
                let rest = self.text.split_off(at + end + 1);
                return std::mem::replace(&mut self.text, rest);
            }
            let frame = self.body.frame().await.unwrap().unwrap();
            self.text += std::str::from_utf8(&frame.into_data().unwrap()).unwrap();
        }
    }
}

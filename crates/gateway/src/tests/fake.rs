//! A service that notes what it is asked, and answers everything alike.

use std::{
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::Router;
use channel_session_api::v1::{
    channel_session_service_server::{ChannelSessionService, ChannelSessionServiceServer},
    *,
};
use prost_types::Timestamp;
use tonic::{
    Request, Response, Status, Streaming,
    codegen::{
        BoxStream,
        tokio_stream::{self, StreamExt},
    },
};

use crate::Upstream;

/// Clones share what they have noted.
#[derive(Clone, Default)]
pub(super) struct Fake {
    /// What it was asked last, as `Debug` prints it.
    pub(super) seen: Arc<Mutex<String>>,
    /// What every answer is.
    pub(super) failure: Option<Status>,
    /// What a watch sends; it goes on without another message unless the last one is an error.
    pub(super) watch: Vec<Result<WatchChannelSessionsResponse, Status>>,
    /// How many of them have been asked for.
    pub(super) sent: Arc<AtomicUsize>,
    /// The revision of the session.
    pub(super) revision: i64,
    /// The session's document, if not [`DOCUMENT`].
    pub(super) document: Option<String>,
    /// What its answers take.
    pub(super) counted: Option<budget::Counted>,
    /// The token of the next page.
    pub(super) next_page_token: String,
}

/// A document whose numbers no double can hold.
pub(super) const DOCUMENT: &str = r#"{"n":[0.10,12345678901234567890]}"#;

impl Fake {
    pub(super) fn with_revision(revision: i64) -> Self {
        Self { revision, ..Self::default() }
    }

    pub(super) fn routes(&self) -> Router {
        let mut routes = tonic::service::Routes::builder();
        routes.add_service(ChannelSessionServiceServer::new(self.clone()));
        routes.routes().into_axum_router()
    }

    pub(super) fn upstream(&self) -> Upstream {
        Upstream::in_process(self.routes())
    }

    pub(super) fn seen(&self) -> String {
        self.seen.lock().expect("no test panics while it holds this").clone()
    }

    fn session(&self, view: i32) -> ChannelSession {
        let is_basic = view == ChannelSessionView::Basic as i32;
        ChannelSession {
            id: Some("a/b".to_owned()),
            revision: self.revision,
            etag: format!("\"{}\"", self.revision),
            document_json: match &self.document {
                _ if is_basic => String::new(),
                Some(document) => document.clone(),
                None => DOCUMENT.to_owned(),
            },
            ..ChannelSession::default()
        }
    }

    fn answer<Q: Debug, A>(&self, request: Request<Q>, answer: A) -> Result<Response<A>, Status> {
        *self.seen.lock().expect("no test panics while it holds this") =
            format!("{:?}", request.into_inner());
        let mut answer = Response::new(answer);
        if let Some(counted) = &self.counted {
            answer.extensions_mut().insert(counted.clone());
        }
        self.failure.clone().map_or(Ok(answer), Err)
    }
}

#[tonic::async_trait]
impl ChannelSessionService for Fake {
    async fn update_data(
        &self,
        request: Request<UpdateDataRequest>,
    ) -> Result<Response<UpdateDataResponse>, Status> {
        let channel_session = Some(self.session(request.get_ref().view));
        self.answer(request, UpdateDataResponse { channel_session, changed: true })
    }

    async fn batch_update_data(
        &self,
        request: Request<BatchUpdateDataRequest>,
    ) -> Result<Response<BatchUpdateDataResponse>, Status> {
        let view = request.get_ref().requests.first().map(|request| request.view).unwrap_or_default();
        let made = UpdateDataResponse { channel_session: Some(self.session(view)), changed: false };
        let failed = Failure {
            code: 3,
            reason: Reason::InvalidAttributes.into(),
            message: "wrong".to_owned(),
            ..Failure::default()
        };
        let results =
            [update_data_result::Result::Response(made), update_data_result::Result::Failure(failed)]
                .map(|result| UpdateDataResult { result: Some(result), ..UpdateDataResult::default() });
        self.answer(request, BatchUpdateDataResponse { results: results.into() })
    }

    type StreamUpdateDataStream = BoxStream<StreamUpdateDataResponse>;

    async fn stream_update_data(
        &self,
        _request: Request<Streaming<StreamUpdateDataRequest>>,
    ) -> Result<Response<Self::StreamUpdateDataStream>, Status> {
        Err(Status::unimplemented("REST has no such call"))
    }

    async fn create_channel_session(
        &self,
        request: Request<CreateChannelSessionRequest>,
    ) -> Result<Response<CreateChannelSessionResponse>, Status> {
        let channel_session = Some(self.session(request.get_ref().view));
        self.answer(request, CreateChannelSessionResponse { channel_session, changed: true })
    }

    async fn get_channel_session(
        &self,
        request: Request<GetChannelSessionRequest>,
    ) -> Result<Response<GetChannelSessionResponse>, Status> {
        let channel_session = Some(self.session(request.get_ref().view));
        self.answer(request, GetChannelSessionResponse { channel_session })
    }

    async fn list_channel_sessions(
        &self,
        request: Request<ListChannelSessionsRequest>,
    ) -> Result<Response<ListChannelSessionsResponse>, Status> {
        let channel_sessions = vec![self.session(request.get_ref().view)];
        let next_page_token = self.next_page_token.clone();
        self.answer(request, ListChannelSessionsResponse { channel_sessions, next_page_token })
    }

    async fn end_channel_session(
        &self,
        request: Request<EndChannelSessionRequest>,
    ) -> Result<Response<EndChannelSessionResponse>, Status> {
        let channel_session = Some(self.session(request.get_ref().view));
        self.answer(request, EndChannelSessionResponse { channel_session })
    }

    async fn delete_channel_session(
        &self,
        request: Request<DeleteChannelSessionRequest>,
    ) -> Result<Response<DeleteChannelSessionResponse>, Status> {
        self.answer(request, DeleteChannelSessionResponse { revision: self.revision, changed: true })
    }

    async fn list_channel_session_history(
        &self,
        request: Request<ListChannelSessionHistoryRequest>,
    ) -> Result<Response<ListChannelSessionHistoryResponse>, Status> {
        let event = ChannelSessionEvent {
            id: "e".to_owned(),
            name: EventName::Ended.into(),
            timestamp: Some(Timestamp { seconds: 1, nanos: 0 }),
            channel_session_id: "a/b".to_owned(),
            conversation_id: Some("c".to_owned()),
            revision: self.revision,
            requester: "anonymous".to_owned(),
            request_id: "r".to_owned(),
            ..ChannelSessionEvent::default()
        };
        let next_page_token = self.next_page_token.clone();
        self.answer(request, ListChannelSessionHistoryResponse { events: vec![event], next_page_token })
    }

    type WatchChannelSessionsStream = BoxStream<WatchChannelSessionsResponse>;

    async fn watch_channel_sessions(
        &self,
        request: Request<WatchChannelSessionsRequest>,
    ) -> Result<Response<Self::WatchChannelSessionsStream>, Status> {
        let sent = self.sent.clone();
        let messages = tokio_stream::iter(self.watch.clone()).map(move |message| {
            sent.fetch_add(1, Ordering::Relaxed);
            message
        });
        self.answer(request, Box::pin(messages.chain(tokio_stream::pending())))
    }
}

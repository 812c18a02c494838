//! The service's calls, each of which is a file of its own.

use budget::{Connection, Counted, FREE_BYTES, LongStream, Share};
use channel_session_api::v1::{
    BatchUpdateDataRequest, BatchUpdateDataResponse, ChannelSession, CreateChannelSessionRequest,
    CreateChannelSessionResponse, DeleteChannelSessionRequest, DeleteChannelSessionResponse,
    EndChannelSessionRequest, EndChannelSessionResponse, GetChannelSessionRequest, GetChannelSessionResponse,
    ListChannelSessionHistoryRequest, ListChannelSessionHistoryResponse, ListChannelSessionsRequest,
    ListChannelSessionsResponse, StreamUpdateDataRequest, StreamUpdateDataResponse, UpdateDataRequest,
    UpdateDataResponse, WatchChannelSessionsRequest, WatchChannelSessionsResponse,
    channel_session_service_server::ChannelSessionService,
};
use domain::{Error, Reason, caller::Caller, session::TenantId};
use futures_util::{FutureExt, Stream, future::BoxFuture};
use prost::Message;
use telemetry::call::Notes;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

use crate::{
    Service, batch_update_data, create, delete, end, get, history, layer::caller, list, service::caught,
    status, stream_end::StreamEnd, stream_update_data, update_data, watch,
};

#[tonic::async_trait]
impl ChannelSessionService for Service {
    type StreamUpdateDataStream = BoxStream<StreamUpdateDataResponse>;
    type WatchChannelSessionsStream = BoxStream<WatchChannelSessionsResponse>;

    async fn update_data(
        &self,
        request: Request<UpdateDataRequest>,
    ) -> Result<Response<UpdateDataResponse>, Status> {
        let (caller, notes) = begun(&request, &request.get_ref().channel_session_id)?;
        let call = update_data::run(self, request.into_inner(), caller).boxed();
        self.change(call, |answer| notes.comes_to(revision(&answer.channel_session))).await
    }

    async fn batch_update_data(
        &self,
        request: Request<BatchUpdateDataRequest>,
    ) -> Result<Response<BatchUpdateDataResponse>, Status> {
        let caller = caller::found(&request)?;
        self.change(batch_update_data::run(self, request.into_inner(), caller).boxed(), |_| {}).await
    }

    async fn stream_update_data(
        &self,
        request: Request<Streaming<StreamUpdateDataRequest>>,
    ) -> Result<Response<Self::StreamUpdateDataStream>, Status> {
        self.stream(request)
    }

    async fn create_channel_session(
        &self,
        request: Request<CreateChannelSessionRequest>,
    ) -> Result<Response<CreateChannelSessionResponse>, Status> {
        let (caller, notes) = begun(&request, &request.get_ref().channel_session_id)?;
        let call = create::run(self, request.into_inner(), caller).boxed();
        self.change(call, |answer| notes.comes_to(revision(&answer.channel_session))).await
    }

    async fn get_channel_session(
        &self,
        request: Request<GetChannelSessionRequest>,
    ) -> Result<Response<GetChannelSessionResponse>, Status> {
        let (caller, _) = begun(&request, &request.get_ref().channel_session_id)?;
        let tenant = caller.tenant.clone();
        self.read(&tenant, get::run(self, request.into_inner(), caller).boxed()).await
    }

    async fn list_channel_sessions(
        &self,
        request: Request<ListChannelSessionsRequest>,
    ) -> Result<Response<ListChannelSessionsResponse>, Status> {
        let caller = caller::found(&request)?;
        let _turn = self.lists.turn(&caller.tenant).await.map_err(|error| status::from_error(&error))?;
        let tenant = caller.tenant.clone();
        self.read(&tenant, list::run(self, request.into_inner(), caller).boxed()).await
    }

    async fn end_channel_session(
        &self,
        request: Request<EndChannelSessionRequest>,
    ) -> Result<Response<EndChannelSessionResponse>, Status> {
        let (caller, notes) = begun(&request, &request.get_ref().channel_session_id)?;
        let call = end::run(self, request.into_inner(), caller).boxed();
        self.change(call, |answer| notes.comes_to(revision(&answer.channel_session))).await
    }

    async fn delete_channel_session(
        &self,
        request: Request<DeleteChannelSessionRequest>,
    ) -> Result<Response<DeleteChannelSessionResponse>, Status> {
        let (caller, _) = begun(&request, &request.get_ref().channel_session_id)?;
        self.answer(delete::run(self, request.into_inner(), caller).boxed()).await
    }

    async fn list_channel_session_history(
        &self,
        request: Request<ListChannelSessionHistoryRequest>,
    ) -> Result<Response<ListChannelSessionHistoryResponse>, Status> {
        let (caller, _) = begun(&request, &request.get_ref().channel_session_id)?;
        let _turn = self.lists.turn(&caller.tenant).await.map_err(|error| status::from_error(&error))?;
        let tenant = caller.tenant.clone();
        self.read(&tenant, history::run(self, request.into_inner(), caller).boxed()).await
    }

    async fn watch_channel_sessions(
        &self,
        request: Request<WatchChannelSessionsRequest>,
    ) -> Result<Response<Self::WatchChannelSessionsStream>, Status> {
        self.watch(request).await
    }
}

impl Service {
    /// `StreamUpdateData`, however its messages are read.
    pub(crate) fn stream(
        &self,
        request: Request<
            impl Stream<Item = Result<StreamUpdateDataRequest, Status>> + Send + Unpin + 'static,
        >,
    ) -> Result<Response<BoxStream<StreamUpdateDataResponse>>, Status> {
        let caller = caller::found(&request)?;
        let end = StreamEnd::new(self, &caller, request.extensions())?;
        let long = long_stream(&request)?;
        let results = stream_update_data::run(self.clone(), request.into_inner(), caller, end, long);
        let mut answer = Response::new(results);
        answer.extensions_mut().insert(Counted::by_itself());
        Ok(answer)
    }

    /// `WatchChannelSessions`, however its messages are written.
    pub(crate) async fn watch(
        &self,
        request: Request<WatchChannelSessionsRequest>,
    ) -> Result<Response<BoxStream<WatchChannelSessionsResponse>>, Status> {
        let (caller, _) = begun(&request, &request.get_ref().channel_session_id)?;
        let end = StreamEnd::new(self, &caller, request.extensions())?;
        let long = long_stream(&request)?;
        let watch = watch::run(self.clone(), request.into_inner(), caller, end, long);
        let mut answer = self.answer(watch.boxed()).await?;
        answer.extensions_mut().insert(Counted::yielding(&self.options.budget.events));
        Ok(answer)
    }

    /// Makes a call, which is boxed: whatever else it is handed through would have room for it as a parameter and as what it
    /// waits for.
    async fn answer<T>(&self, call: BoxFuture<'_, Result<T, Error>>) -> Result<Response<T>, Status> {
        caught(call).await.map(Response::new).map_err(|error| status::from_error(&error))
    }

    /// The same for a change, which has waited for room for what it comes to: that is always answered, so it is bounded
    /// before anything is done. The room is held until the answer goes out, and is counted by whoever sends it.
    async fn change<T: Message>(
        &self,
        call: BoxFuture<'_, Result<(T, Share), Error>>,
        made: impl FnOnce(&T),
    ) -> Result<Response<T>, Status> {
        let (answer, room) = self.answer(call).await?.into_inner();
        made(&answer);
        let is_large = !room.is_empty() && answer.encoded_len() > FREE_BYTES;
        let mut answer = Response::new(answer);
        if is_large {
            answer.extensions_mut().insert(Counted::until_sent(room));
        }
        Ok(answer)
    }

    /// The same for a call that changes nothing: its answer is refused where there is no room for it.
    async fn read<T: Message>(
        &self,
        tenant: &TenantId,
        call: BoxFuture<'_, Result<T, Error>>,
    ) -> Result<Response<T>, Status> {
        let mut answer = self.answer(call).await?;
        let size = answer.get_ref().encoded_len();
        if size > FREE_BYTES {
            let answers = &self.options.budget.answers;
            let mut share = answers.share_of(self.options.sharer(tenant));
            share.grow(answers.at_most(COPIES * size)).map_err(|_| status::from_error(&Error::Overloaded))?;
            answer.extensions_mut().insert(Counted::by(share));
        }
        Ok(answer)
    }
}

/// The caller of a call about a session, and what is noted of it.
fn begun<T>(request: &Request<T>, session: &str) -> Result<(Caller, Notes), Status> {
    let notes = Notes::of(request.extensions());
    notes.is_about(session);
    Ok((caller::found(request)?, notes))
}

fn revision(session: &Option<ChannelSession>) -> i64 {
    session.as_ref().map_or(0, |session| session.revision)
}

/// How often an answer is in memory on its way: as a message, encoded, and, where the gateway is in the same process, decoded
/// again.
const COPIES: usize = 3;

/// A long stream's permit on its connection; none where there is no connection.
pub(crate) fn long_stream<T>(request: &Request<T>) -> Result<Option<LongStream>, Status> {
    let Some(connection) = request.extensions().get::<Connection>() else { return Ok(None) };
    match connection.long_stream() {
        Some(long) => Ok(Some(long)),
        None => Err(status::from_reason(Reason::Overloaded, &Connection::full())),
    }
}

//! The service's calls, each of which is a file of its own.

use channel_session_api::v1::{
    BatchUpdateDataRequest, BatchUpdateDataResponse, CreateChannelSessionRequest,
    CreateChannelSessionResponse, DeleteChannelSessionRequest, DeleteChannelSessionResponse,
    EndChannelSessionRequest, EndChannelSessionResponse, GetChannelSessionRequest, GetChannelSessionResponse,
    ListChannelSessionHistoryRequest, ListChannelSessionHistoryResponse, ListChannelSessionsRequest,
    ListChannelSessionsResponse, StreamUpdateDataRequest, StreamUpdateDataResponse, UpdateDataRequest,
    UpdateDataResponse, WatchChannelSessionsRequest, WatchChannelSessionsResponse,
    channel_session_service_server::ChannelSessionService,
};
use domain::Error;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

use crate::{
    Service, batch_update_data, change::Origin, create, delete, end, get, history, list, status,
    stream_end::StreamEnd, stream_update_data, update_data, watch,
};

#[tonic::async_trait]
impl ChannelSessionService for Service {
    type StreamUpdateDataStream = BoxStream<StreamUpdateDataResponse>;
    type WatchChannelSessionsStream = BoxStream<WatchChannelSessionsResponse>;

    async fn update_data(
        &self,
        request: Request<UpdateDataRequest>,
    ) -> Result<Response<UpdateDataResponse>, Status> {
        let origin = Origin::of(&request);
        self.answer(update_data::run(self.clone(), request.into_inner(), origin)).await
    }

    async fn batch_update_data(
        &self,
        request: Request<BatchUpdateDataRequest>,
    ) -> Result<Response<BatchUpdateDataResponse>, Status> {
        let origin = Origin::of(&request);
        self.answer(batch_update_data::run(self.clone(), request.into_inner(), origin)).await
    }

    async fn stream_update_data(
        &self,
        request: Request<Streaming<StreamUpdateDataRequest>>,
    ) -> Result<Response<Self::StreamUpdateDataStream>, Status> {
        let end = StreamEnd::new(self, &request)?;
        let trace_id = Origin::of(&request).trace_id;
        let place = self.streams.clone().try_acquire_owned();
        let place = place.map_err(|_| status::from_error(&Error::Overloaded))?;
        Ok(Response::new(stream_update_data::run(self.clone(), request.into_inner(), trace_id, end, place)))
    }

    async fn create_channel_session(
        &self,
        request: Request<CreateChannelSessionRequest>,
    ) -> Result<Response<CreateChannelSessionResponse>, Status> {
        let origin = Origin::of(&request);
        self.answer(create::run(self.clone(), request.into_inner(), origin)).await
    }

    async fn get_channel_session(
        &self,
        request: Request<GetChannelSessionRequest>,
    ) -> Result<Response<GetChannelSessionResponse>, Status> {
        self.answer(get::run(self.clone(), request.into_inner())).await
    }

    async fn list_channel_sessions(
        &self,
        request: Request<ListChannelSessionsRequest>,
    ) -> Result<Response<ListChannelSessionsResponse>, Status> {
        self.answer(list::run(self.clone(), request.into_inner())).await
    }

    async fn end_channel_session(
        &self,
        request: Request<EndChannelSessionRequest>,
    ) -> Result<Response<EndChannelSessionResponse>, Status> {
        let origin = Origin::of(&request);
        self.answer(end::run(self.clone(), request.into_inner(), origin)).await
    }

    async fn delete_channel_session(
        &self,
        request: Request<DeleteChannelSessionRequest>,
    ) -> Result<Response<DeleteChannelSessionResponse>, Status> {
        let origin = Origin::of(&request);
        self.answer(delete::run(self.clone(), request.into_inner(), origin)).await
    }

    async fn list_channel_session_history(
        &self,
        request: Request<ListChannelSessionHistoryRequest>,
    ) -> Result<Response<ListChannelSessionHistoryResponse>, Status> {
        self.answer(history::run(self.clone(), request.into_inner())).await
    }

    async fn watch_channel_sessions(
        &self,
        request: Request<WatchChannelSessionsRequest>,
    ) -> Result<Response<Self::WatchChannelSessionsStream>, Status> {
        let end = StreamEnd::new(self, &request)?;
        self.answer(watch::run(self.clone(), request.into_inner(), end)).await
    }
}

impl Service {
    async fn answer<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        self.finish(call).await.map(Response::new).map_err(|error| status::from_error(&error))
    }
}

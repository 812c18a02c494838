//! A watch of the service's, from its start to its end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use budget::Connection;
use channel_session_api::v1::{WatchChannelSessionsRequest, WatchChannelSessionsResponse};
use domain::{Error, Outcome, Reason};
use http::{
    HeaderValue, Method, StatusCode, Uri,
    header::{CONTENT_TYPE, TE},
    uri::PathAndQuery,
};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{
    Code, Request, Status,
    codegen::{
        BoxStream,
        tokio_stream::{Stream, StreamExt},
    },
    metadata::GRPC_CONTENT_TYPE,
};
use tower::{Service, ServiceExt};
use wire::error::ErrorReply;

use super::{Call, Transport, Upstream, frames};
use crate::problem::Problem;

/// A watch that has started: what comes after its first message. Nothing is read of it before it is asked for more.
pub(crate) struct Watch {
    /// None when it has ended.
    rest: Option<BoxStream<WatchChannelSessionsResponse>>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The end of the connection that its caller is on.
    aged: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Its connection, which is to last as long as it does.
    _transport: Transport,
}

impl Stream for Watch {
    type Item = Result<WatchChannelSessionsResponse, Status>;

    /// An error is the last, and says why the watch ends.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { rest: Some(rest), stopping, aged, .. } = &mut *self else { return Poll::Ready(None) };
        let ended = |message| Some(Err(ErrorReply::new(Reason::StoreUnavailable, message).to_status()));
        let next = if stopping.as_mut().poll(context).is_ready() {
            ended("the gateway is stopping; go on at another instance")
        } else if aged.as_mut().poll(context).is_ready() {
            ended(Connection::AGED)
        } else {
            ready!(Pin::new(rest).poll_next(context))
        };
        if !matches!(next, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(next)
    }
}

/// The path of the call.
const PATH: &str = "/channelsession.v1.ChannelSessionService/WatchChannelSessions";

impl Upstream {
    async fn start_watch(
        &self,
        transport: &mut Transport,
        request: Request<WatchChannelSessionsRequest>,
    ) -> Result<BoxStream<WatchChannelSessionsResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let mut request = http::Request::new(frames::encoded(&message));
        *request.method_mut() = Method::POST;
        let mut uri = self.origin.clone().into_parts();
        uri.path_and_query = Some(PathAndQuery::from_static(PATH));
        *request.uri_mut() = Uri::from_parts(uri).map_err(|error| Status::from_error(Box::new(error)))?;
        *request.headers_mut() = metadata.into_headers();
        request.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
        request.headers_mut().insert(CONTENT_TYPE, GRPC_CONTENT_TYPE);
        *request.extensions_mut() = extensions;
        let lost = |lost| Status::from_error(Box::new(lost));
        let response = transport.ready().await.map_err(lost)?.call(request).await.map_err(lost)?;
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != Code::Ok => Err(status),
            None if response.status() != StatusCode::OK => {
                Err(Status::unavailable(format!("what answered is no service: {}", response.status())))
            }
            Some(_) | None => Ok(frames::messages(response.into_body())),
        }
    }
}

impl Call {
    /// Starts a watch. It has started when its first message is there, for which it has as long as any call.
    pub(crate) async fn watch(
        &self,
        request: WatchChannelSessionsRequest,
    ) -> Result<(WatchChannelSessionsResponse, Watch), Problem> {
        let request = self.request(request);
        let upstream = &self.gateway.upstream;
        let mut transport = upstream.watch();
        let start = async {
            let mut rest = upstream.start_watch(&mut transport, request).await?;
            let ended = || Err(Status::unknown("the watch ended before it had begun"));
            let first = rest.next().await.unwrap_or_else(ended)?;
            Ok::<_, Status>((first, rest))
        };
        match tokio::time::timeout(self.gateway.options.call_timeout, start).await {
            Ok(Ok((first, rest))) => {
                let stopping = Box::pin(upstream.stopping.clone().cancelled_owned());
                let connection = self.parts.extensions.get::<Connection>();
                let aged = connection.map(|connection| connection.end().clone()).unwrap_or_default();
                let aged = Box::pin(aged.cancelled_owned());
                Ok((first, Watch { rest: Some(rest), stopping, aged, _transport: transport }))
            }
            Ok(Err(status)) => Err(self.problem(&status).without_outcome()),
            Err(_) => Err(Problem::from(&Error::DeadlineExceeded(Outcome::NotApplied))),
        }
    }
}

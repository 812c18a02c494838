//! The calls that have no end of their own, served beside the framework for the sake of its [buffers](crate::frames): that of
//! what it reads, too, is as large as the largest message that a stream has had.

use axum::{Router, body::Body, extract::State, response::Response, routing::post};
use bytes::{Buf, Bytes};
use channel_session_api::v1::channel_session_service_server::SERVICE_NAME;
use futures_util::{Stream, stream};
use http::{header::CONTENT_TYPE, request::Parts};
use http_body_util::BodyExt;
use prost::Message;
use tonic::{
    Request, Status,
    codegen::BoxStream,
    metadata::{GRPC_CONTENT_TYPE, MetadataMap},
};
use wire::frame::PREFIX_BYTES;

use crate::{Service, frames::Frames, layer::error_details::explain_message};

/// Routes before those of the framework.
pub(crate) fn routes(service: Service) -> Router {
    let path = |method| format!("/{SERVICE_NAME}/{method}");
    Router::new()
        .route(&path("WatchChannelSessions"), post(watch))
        .route(&path("StreamUpdateData"), post(stream_update_data))
        .with_state(service)
}

async fn watch(State(service): State<Service>, request: http::Request<Body>) -> Response {
    let (parts, mut body) = request.into_parts();
    match next(&mut body).await.unwrap_or_else(|| Err(Status::internal("there is no message"))) {
        Ok(message) => answer(service.watch(call(parts, message)).await),
        Err(status) => answer::<()>(Err(explain_message(status))),
    }
}

async fn stream_update_data(State(service): State<Service>, request: http::Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    answer(service.stream(call(parts, Box::pin(messages(body)))))
}

fn call<T>(parts: Parts, message: T) -> Request<T> {
    Request::from_parts(MetadataMap::from_headers(parts.headers), parts.extensions, message)
}

/// The messages of a request. The layers around have each of them in a part of its own, and decompressed.
fn messages<T: Message + Default>(body: Body) -> impl Stream<Item = Result<T, Status>> {
    stream::unfold(Some(body), async |body| {
        let mut body = body?;
        let message = next(&mut body).await?;
        let goes_on = message.is_ok();
        Some((message, goes_on.then_some(body)))
    })
}

async fn next<T: Message + Default>(body: &mut Body) -> Option<Result<T, Status>> {
    loop {
        match body.frame().await? {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(decoded(data));
                }
            }
            Err(error) => return Some(Err(Status::from_error(Box::new(error)))),
        }
    }
}

fn decoded<T: Message + Default>(mut data: Bytes) -> Result<T, Status> {
    let is_whole = data.len() >= PREFIX_BYTES && data.get_u8() == 0 && data.get_u32() as usize == data.len();
    if !is_whole {
        return Err(Status::internal("a message is cut off, or compressed without saying how"));
    }
    T::decode(data).map_err(|error| Status::internal(error.to_string()))
}

fn answer<T: Message + 'static>(answer: Result<tonic::Response<BoxStream<T>>, Status>) -> Response {
    let answer = match answer {
        Ok(answer) => answer,
        Err(status) => return status.into_http(),
    };
    let (metadata, messages, extensions) = answer.into_parts();
    let mut response = Response::new(Body::new(Frames::of(messages)));
    *response.headers_mut() = metadata.into_headers();
    response.headers_mut().insert(CONTENT_TYPE, GRPC_CONTENT_TYPE);
    *response.extensions_mut() = extensions;
    response
}

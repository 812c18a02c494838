//! gRPC calls as the bytes that they are: a client library would enforce deadlines itself and refuse to send nonsense.

use std::net::SocketAddr;

use axum::body::Body;
use bytes::Bytes;
use channel_session_api::v1::channel_session_service_client::ChannelSessionServiceClient;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use prost::Message;
use tonic::Status;

/// Sends bytes as the one message of a call of the service's method, with more headers, and returns the status.
pub(crate) async fn call(
    address: SocketAddr,
    method: &str,
    message: impl Into<Vec<u8>>,
    headers: &[(&str, &str)],
) -> Status {
    let message = message.into();
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    let uri = format!("http://{address}/channelsession.v1.ChannelSessionService/{method}");
    let mut request = Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request = request.body(Body::new(Full::new(Bytes::from(frame)))).unwrap();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    // A call that fails answers with its status at once; one that succeeds sends it behind the message.
    if let Some(status) = Status::from_header_map(&parts.headers) {
        return status;
    }
    let trailers = body.collect().await.unwrap().trailers().cloned().unwrap_or_default();
    Status::from_header_map(&trailers).unwrap_or_else(|| panic!("no status: {parts:?}"))
}

/// A client that asks as the test says and waits for what the service answers, however long that takes.
pub(crate) type Client = ChannelSessionServiceClient<legacy::Client<HttpConnector, tonic::body::Body>>;

/// A client of an address. Clones share its connection.
pub(crate) fn client(address: SocketAddr) -> Client {
    let connection = legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let origin = format!("http://{address}").parse().unwrap();
    ChannelSessionServiceClient::with_origin(connection, origin)
}

/// Makes an `UpdateData` call with a `grpc-timeout`, and returns its status.
pub(crate) async fn update_within(
    address: SocketAddr,
    timeout: &str,
    id: &str,
    attributes_json: &str,
) -> Status {
    let request = channel_session_api::v1::UpdateDataRequest {
        channel_session_id: id.to_owned(),
        attributes_json: Some(attributes_json.to_owned()),
        ..Default::default()
    };
    call(address, "UpdateData", request.encode_to_vec(), &[("grpc-timeout", timeout)]).await
}

//! Answers that are given before the request's body has been read to its end, and the connection after them.

use channel_session_api::v1::DeleteChannelSessionRequest;
use http::Method;
use tonic::Code;

use crate::support::{
    Rest, Service, Store,
    nginx::{Nginx, Pass},
    service::connect,
};

/// Both ways through nginx are open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_passes_calls_on() {
    let service = Service::start(Store::Sqlite).await;
    let nginx = Nginx::before(service.server.address("http"), Pass::Http).await;
    let answer = Rest::new(nginx.address()).send(Method::GET, "/readyz", "", &[]).await;
    assert_eq!(answer.status, 200, "{}", nginx.log());
    let nginx = Nginx::before(service.server.address("grpc"), Pass::Grpc).await;
    let status =
        connect(nginx.address()).await.delete_channel_session(DeleteChannelSessionRequest::default()).await;
    assert_eq!(status.map_err(|status| status.code()).err(), Some(Code::InvalidArgument), "{}", nginx.log());
}

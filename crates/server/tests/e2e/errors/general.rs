//! A service that answers every call with one error, behind a gateway: what any operation can be answered, and what
//! takes a defect, a stall or another database to see.

use std::{convert::Infallible, net::SocketAddr};

use domain::Reason;
use http::{Response, header::CONTENT_TYPE};
use http_body_util::Empty;
use hyper::{body::Bytes, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpListener, task::JoinHandle};
use wire::error::ErrorReply;

/// Dropped, it is there no longer.
pub(super) struct Failing {
    pub(super) address: SocketAddr,
    listener: JoinHandle<()>,
}

impl Failing {
    /// A gRPC service whose every answer is this error.
    pub(super) async fn with(reason: Reason) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let listener = tokio::spawn(async move {
            while let Ok((connection, _)) = socket.accept().await {
                let service = service_fn(move |_| async move { Ok::<_, Infallible>(answer(reason)) });
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(server.serve_connection(TokioIo::new(connection), service));
            }
        });
        Self { address, listener }
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// An answer that is its trailers.
fn answer(reason: Reason) -> Response<Empty<Bytes>> {
    let mut answer = Response::new(Empty::new());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, "application/grpc".parse().unwrap());
    ErrorReply::new(reason, "for a test").to_status().add_header(headers).unwrap();
    answer
}

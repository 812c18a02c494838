//! An HTTP/2 connection for the generated client, with nothing between them: tonic's own channel reconnects, queues and
//! balances, which takes CPU time that the service needs on the same machine.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use coalesce::{Calls, Coalesce};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tonic::{body::Body, codegen::Service};

use crate::Failure;

/// Clones share the connection.
#[derive(Clone)]
pub(crate) struct Connection {
    sender: SendRequest<Body>,
    calls: Calls,
}

impl Connection {
    /// Connects to HOST:PORT.
    pub(super) async fn open(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let calls = Calls::default();
        let stream = TokioIo::new(Coalesce::new(stream, calls.clone()));
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
        // What ends it is told to whoever calls.
        tokio::spawn(connection);
        Ok(Self { sender, calls })
    }
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.sender.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (call, response) = (self.calls.begin(), self.sender.send_request(request));
        Box::pin(async move {
            let _under_way = call;
            response.await
        })
    }
}

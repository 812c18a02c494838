//! An HTTP/2 connection with little above it: tonic's own channel reconnects, queues and balances, and a client that builds
//! and takes apart whole messages does for each call what pgbench does not. All of that takes CPU time that the service
//! needs on the same machine.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{BufMut, Bytes, BytesMut};
use coalesce::{Calls, Coalesce};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tonic::{Status, body::Body, codegen::Service};

use super::Secure;
use crate::Failure;

/// Clones share the connection.
#[derive(Clone)]
pub(crate) struct Connection {
    sender: SendRequest<Body>,
    calls: Calls,
    authorization: Option<HeaderValue>,
}

impl Connection {
    /// Connects to HOST:PORT.
    pub(super) async fn open(address: &str, secure: Option<&Secure>) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        match secure {
            None => Self::over(stream, None).await,
            Some(Secure { tls, authorization }) => {
                let (host, _) = address.rsplit_once(':').ok_or("an address has a port")?;
                Self::over(tls.connect(host, stream).await?, Some(authorization.clone())).await
            }
        }
    }

    async fn over(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        authorization: Option<HeaderValue>,
    ) -> Result<Self, Failure> {
        let calls = Calls::default();
        let stream = TokioIo::new(Coalesce::new(stream, calls.clone()));
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
        // What ends it is returned to whoever calls.
        tokio::spawn(connection);
        Ok(Self { sender, calls, authorization })
    }

    /// Makes a unary call with an encoded message, and returns the reply's, encoded.
    pub(super) async fn unary(&mut self, method: &Uri, message: &[u8]) -> Result<Bytes, Failure> {
        let mut request = Request::new(Body::new(Full::new(framed(message)?)));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(method);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        request.headers_mut().insert("te", HeaderValue::from_static("trailers"));
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        self.sender.ready().await?;
        let _under_way = self.calls.begin();
        let (parts, mut body) = self.sender.send_request(request).await?.into_parts();
        succeeded(&parts.headers)?;
        let mut reply = Bytes::new();
        while let Some(frame) = body.frame().await {
            match frame?.into_data() {
                Ok(data) if reply.is_empty() => reply = data,
                Ok(data) => reply = [reply, data].concat().into(),
                Err(frame) => succeeded(frame.trailers_ref().ok_or("a frame is neither data nor trailers")?)?,
            }
        }
        if reply.len() < PREFIX_BYTES || reply[0] != 0 {
            return Err("a reply is no message as it is".into());
        }
        Ok(reply.slice(PREFIX_BYTES..))
    }
}

/// What comes before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

fn framed(message: &[u8]) -> Result<Bytes, Failure> {
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len().try_into()?);
    framed.put_slice(message);
    Ok(framed.freeze())
}

/// Fails with the status in headers or trailers, if it is a failure.
fn succeeded(headers: &HeaderMap) -> Result<(), Failure> {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != tonic::Code::Ok => Err(status.into()),
        Some(_) | None => Ok(()),
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
        Box::pin(self.sender.send_request(request))
    }
}

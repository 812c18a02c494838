//! An HTTP/2 connection that does as the test says: sends half of a request, takes no answer, resets what it asked for.

use std::{future::poll_fn, net::SocketAddr};

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::{HeaderMap, Method, Request};
use tokio::{net::TcpStream, task::JoinHandle};
use tonic::Status;

/// A connection. Dropped, it is closed.
pub(crate) struct Connection {
    client: SendRequest<Bytes>,
    address: SocketAddr,
    driver: JoinHandle<()>,
}

impl Connection {
    /// Connects, as a peer that takes so much of each answer, in bytes, before it says that it takes more.
    pub(crate) async fn open(address: SocketAddr, window: u32) -> Self {
        let tcp = TcpStream::connect(address).await.unwrap();
        let mut builder = Builder::new();
        builder.initial_window_size(window);
        let (client, connection) = builder.handshake(tcp).await.unwrap();
        let driver = tokio::spawn(async move { drop(connection.await) });
        Self { client, address, driver }
    }

    /// Sends the head of a call of the service's method, or of another service's by its path, and all of its messages or
    /// less.
    pub(crate) async fn call(
        &self,
        method: &str,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
        is_all: bool,
    ) -> Call {
        let path = match method.strip_prefix('/') {
            Some(path) => path.to_owned(),
            None => format!("channelsession.v1.ChannelSessionService/{method}"),
        };
        let request = Request::post(format!("http://{}/{path}", self.address));
        let request = request.header("content-type", "application/grpc").header("te", "trailers");
        self.send(
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)),
            body,
            is_all,
        )
        .await
    }

    /// Sends a whole call, unless the connection is closed.
    pub(crate) async fn try_call(&self, method: &str, body: Bytes) -> Result<Call, h2::Error> {
        let uri = format!("http://{}/channelsession.v1.ChannelSessionService/{method}", self.address);
        let request = Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
        let mut client = self.client.clone().ready().await?;
        let (response, mut stream) = client.send_request(request.body(()).unwrap(), false)?;
        stream.send_data(body, true)?;
        Ok(Call { response, stream })
    }

    /// Asks for a path of REST.
    pub(crate) async fn get(&self, path: &str) -> Call {
        let request = Request::builder().method(Method::GET).uri(format!("http://{}{path}", self.address));
        self.send(request, None, true).await
    }

    /// Sends the head of a PUT to a path of REST.
    pub(crate) async fn put(&self, path: &str, content_type: &str) -> Call {
        let request = Request::put(format!("http://{}{path}", self.address));
        self.send(request.header("content-type", content_type), None, false).await
    }

    /// The same with JSON, a part of which is sent.
    pub(crate) async fn put_half(&self, path: &str, part: Bytes) -> Call {
        let request = Request::put(format!("http://{}{path}", self.address));
        self.send(request.header("content-type", "application/json"), Some(part), false).await
    }

    /// Sends a whole POST of a content type, or of none.
    pub(crate) async fn post(&self, path: &str, content_type: Option<&str>, body: Bytes) -> Call {
        let request = Request::post(format!("http://{}{path}", self.address));
        let request =
            content_type.into_iter().fold(request, |request, it| request.header("content-type", it));
        self.send(request, Some(body), true).await
    }

    async fn send(&self, request: http::request::Builder, body: Option<Bytes>, is_all: bool) -> Call {
        let mut client = self.client.clone().ready().await.unwrap();
        let is_end = body.is_none() && is_all;
        let (response, mut stream) = client.send_request(request.body(()).unwrap(), is_end).unwrap();
        if let Some(body) = body {
            // A call that is refused by its head alone may be over already: its answer says so.
            let _ = stream.send_data(body, is_all);
        }
        Call { response, stream }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A call that has begun.
pub(crate) struct Call {
    pub(crate) response: ResponseFuture,
    pub(crate) stream: h2::SendStream<Bytes>,
}

impl Call {
    /// The status that the call is answered with at once, or else the head that begins its answer.
    pub(crate) async fn status(self) -> Result<HeaderMap, Status> {
        // Whoever has not sent all of a request that is refused is asked to stop.
        let response = self.response.await.map_err(|error| Status::from_error(Box::new(error)))?;
        match Status::from_header_map(response.headers()) {
            Some(status) => Err(status),
            None => Ok(response.headers().clone()),
        }
    }

    /// Sends all of its body as the peer takes it. An error if it ends the stream before that.
    pub(crate) async fn send_all(&mut self, mut body: Bytes) -> Result<(), h2::Error> {
        while !body.is_empty() {
            self.stream.reserve_capacity(body.len());
            let capacity = poll_fn(|context| self.stream.poll_capacity(context)).await;
            let capacity = capacity.unwrap_or_else(|| Err(h2::Reason::STREAM_CLOSED.into()))?;
            let piece = body.split_to(capacity.min(body.len()));
            self.stream.send_data(piece, body.is_empty())?;
        }
        Ok(())
    }

    /// Stops waiting for it.
    pub(crate) fn reset(mut self) {
        self.stream.send_reset(h2::Reason::CANCEL);
    }
}

/// A message as it goes over the wire.
pub(crate) fn framed(is_compressed: bool, message: &[u8]) -> Bytes {
    let mut frame = vec![u8::from(is_compressed)];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    frame.into()
}

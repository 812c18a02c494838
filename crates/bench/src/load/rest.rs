//! Callers over REST: each has a connection of its own, HTTP/1.1, which is kept.

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request,
    header::{CONTENT_TYPE, ETAG, HOST},
};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{
    Caller, Target,
    update::{Body, Token},
};
use crate::Failure;

/// `PUT /forms/{channelSessionId}`.
#[derive(Clone)]
pub(crate) struct Updates {
    /// HOST:PORT.
    pub(crate) address: String,
}

impl Target for Updates {
    type Caller = Updater;

    async fn connect(&self, callers: usize) -> Result<Vec<Updater>, Failure> {
        let body = Body::documented()?;
        let mut updaters = Vec::with_capacity(callers);
        for _ in 0..callers {
            updaters.push(Updater { connection: Connection::open(&self.address).await?, body: body.clone() });
        }
        Ok(updaters)
    }
}

pub(crate) struct Updater {
    connection: Connection,
    body: Body,
}

impl Caller for Updater {
    async fn call(&mut self, session: u32, token: Token) -> Result<i64, Failure> {
        let path = format!("/forms/session-{session}");
        self.connection.call(Method::PUT, path, self.body.with(token)).await
    }
}

/// `GET /channel-sessions/{channelSessionId}`.
#[derive(Clone)]
pub(crate) struct Reads {
    /// HOST:PORT.
    pub(crate) address: String,
}

impl Target for Reads {
    type Caller = Reader;

    async fn connect(&self, callers: usize) -> Result<Vec<Reader>, Failure> {
        let mut readers = Vec::with_capacity(callers);
        for _ in 0..callers {
            readers.push(Reader { connection: Connection::open(&self.address).await? });
        }
        Ok(readers)
    }
}

pub(crate) struct Reader {
    connection: Connection,
}

impl Caller for Reader {
    async fn call(&mut self, session: u32, _: Token) -> Result<i64, Failure> {
        self.connection.call(Method::GET, format!("/channel-sessions/session-{session}"), String::new()).await
    }
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    async fn open(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // What ends it is returned to whoever calls next.
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(address)? })
    }

    /// Makes a call, reads the answer to its end, and returns the revision in its entity tag.
    async fn call(&mut self, method: Method, path: String, body: String) -> Result<i64, Failure> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse()?;
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.sender.ready().await?;
        let (parts, mut body) = self.sender.send_request(request).await?.into_parts();
        if !parts.status.is_success() {
            let problem = body.collect().await?.to_bytes();
            return Err(format!("{path}: {}", String::from_utf8_lossy(&problem)).into());
        }
        while let Some(frame) = body.frame().await {
            frame?;
        }
        let etag = parts.headers.get(ETAG).ok_or("an answer has no entity tag")?.to_str()?;
        Ok(etag.trim_matches('"').parse()?)
    }
}

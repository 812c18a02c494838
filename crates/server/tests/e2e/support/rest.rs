//! A REST client.

use std::{net::SocketAddr, sync::Arc};

use axum::body::Body;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::ClientConfig;

use super::{Description, Failure, secure};

/// Calls the gateway. Unlike most HTTP clients it sends a path as it is given, dots and all.
#[derive(Clone)]
pub(crate) struct Rest {
    client: Arc<Client<HttpsConnector<HttpConnector>, Body>>,
    address: SocketAddr,
    /// What each URI begins with.
    base: String,
    /// What answers are held to, if they are.
    description: Option<Arc<Description>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Rest {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self::by(secure::nobody(), address, format!("http://{address}"))
    }

    /// Calls `localhost` over TLS.
    pub(crate) fn secure(address: SocketAddr, config: ClientConfig) -> Self {
        Self::by(config, address, format!("https://localhost:{}", address.port()))
    }

    fn by(config: ClientConfig, address: SocketAddr, base: String) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(secure::connector(config));
        Self { client: Arc::new(client), address, base, description: None }
    }

    /// The same, whose answers are held to what a service says of its interface.
    pub(crate) fn described(&self, description: &Arc<Description>) -> Self {
        Self { description: Some(description.clone()), ..self.clone() }
    }

    /// `PUT /forms/{id}`.
    pub(crate) async fn update(&self, id: &str, body: impl Into<Body>) -> Answer {
        self.send(Method::PUT, &format!("/forms/{}", encode(id)), body, &JSON).await
    }

    /// `POST /channel-sessions`.
    pub(crate) async fn create(&self, body: impl Into<Body>) -> Answer {
        self.send(Method::POST, "/channel-sessions", body, &JSON).await
    }

    /// `GET /channel-sessions/{id}`.
    pub(crate) async fn get(&self, id: &str) -> Answer {
        self.send(Method::GET, &format!("/channel-sessions/{}", encode(id)), "", &[]).await
    }

    /// Whether the service says that it can serve.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.send(Method::GET, "/readyz", "", &[]).await;
        assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&answer.status), "{answer:?}");
        answer.status == StatusCode::OK
    }

    /// Any request; the path goes out as it is given.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.try_send(method, path, body, headers).await.unwrap()
    }

    /// The same, where the answer may not come.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Lost> {
        let answer = Answer::read(self.request(method.clone(), path, body, headers).await?).await?;
        self.check(&method, path, &answer);
        Ok(answer)
    }

    /// Holds an answer to the description, where there is one to hold it to.
    pub(crate) fn check(&self, method: &Method, path: &str, answer: &Answer) {
        if let Some(description) = &self.description {
            description.holds(method, path, answer);
        }
    }

    /// Any request whose answer may have no end.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Result<Response<Incoming>, Lost> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(self.client.request(request.body(body.into()).unwrap()).await?)
    }

    /// Where the gateway listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Why no answer came.
pub(crate) type Lost = Box<dyn std::error::Error + Send + Sync>;

impl Answer {
    /// Reads an answer to its end.
    pub(crate) async fn read(response: Response<Incoming>) -> Result<Self, Lost> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        Ok(Self { status: parts.status, headers: parts.headers, body: String::from_utf8(body).unwrap() })
    }

    /// The body of an answer that should be a document.
    pub(crate) fn document(&self) -> &str {
        assert!(self.status.is_success(), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/json");
        &self.body
    }

    /// The revision in the entity tag.
    pub(crate) fn revision(&self) -> i64 {
        self.headers["etag"].to_str().unwrap().trim_matches('"').parse().unwrap()
    }

    /// What an answer that should be a problem says.
    pub(crate) fn failure(&self) -> Failure {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        Failure::from_problem(self.status, &self.body)
    }
}

/// What a body has to be called.
pub(crate) const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// An id as one segment of a path.
pub(crate) fn encode(id: &str) -> String {
    id.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

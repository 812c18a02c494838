//! One document over HTTP.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::error::chain;
use http::{HeaderValue, Request, StatusCode, Uri, header::ACCEPT};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::oidc::Invalid;

/// Gets documents. Follows no redirection: where keys are is to be said, not to be found on the way.
pub(in crate::oidc) struct Http(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

/// How long a connection may take to come about. The whole of a fetch has a limit of its own.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a document may be, in bytes. A realm's keys have some thousand, with their certificates.
const MAX_BYTES: usize = 256 * 1024;

impl Http {
    /// For an address such as this one, and what that leads to. Root certificates are read now where it needs some, so that
    /// a machine which has none says so at the start.
    pub(in crate::oidc) fn new(url: &Url) -> Result<Self, Invalid> {
        let roots = |error: &dyn Error| Invalid::Roots(chain(error));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| roots(&error))?;
        let tls = if url.scheme() == "https" {
            tls.with_native_roots().map_err(|error| roots(&error))?
        } else {
            tls.with_root_certificates(RootCertStore::empty())
        };
        Ok(Self::over(tls.with_no_client_auth()))
    }

    /// Over TLS of this kind, where an address asks for TLS.
    pub(in crate::oidc) fn over(tls: ClientConfig) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let connector = https.enable_http1().wrap_connector(connector);
        // A connection for each document, since the next is some minutes away.
        Self(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
    }

    /// Gets a document.
    pub(in crate::oidc) async fn get(&self, url: &Url) -> Result<Bytes, String> {
        self.try_get(url).await.map_err(|problem| format!("{url}: {problem}"))
    }

    async fn try_get(&self, url: &Url) -> Result<Bytes, String> {
        let uri: Uri = url.as_str().parse().map_err(|error| chain(&error))?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let answered = self.0.request(request).await;
        let problem = |error| tls::in_words(&error, "its").unwrap_or_else(|| chain(&error));
        let response = answered.map_err(problem)?;
        if response.status() != StatusCode::OK {
            return Err(format!("it was answered with {}", response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
        let body = body.map_err(|error| format!("{error} (at most {MAX_BYTES} bytes are read)"))?;
        Ok(body.to_bytes())
    }
}

//! Where keys come from.

mod http;

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use url::Url;

use super::settings::address;
use crate::watched::{Changed, Watched};

pub(super) use http::Http;

/// Where keys come from.
#[async_trait]
pub(super) trait Fetch: Send + 'static {
    /// Fetches them, as the text of a JWK set; none where that is known to be what it was the last time.
    async fn fetch(&mut self) -> Result<Option<Bytes>, String>;

    /// How often that is to be done: none where it is a matter of the network.
    fn interval(&self) -> Option<Duration> {
        None
    }

    /// What to call it in the log.
    fn name(&self) -> String;
}

/// An address that was named.
pub(super) struct Named(pub(super) Http, pub(super) Url);

#[async_trait]
impl Fetch for Named {
    async fn fetch(&mut self) -> Result<Option<Bytes>, String> {
        self.0.get(&self.1).await.map(Some)
    }

    fn name(&self) -> String {
        self.1.to_string()
    }
}

/// An address that an issuer's discovery document names. Each time again: an issuer may move its keys.
pub(super) struct Discovered {
    http: Http,
    issuer: String,
    document: Url,
}

/// Of a discovery document, what matters here.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Discovered {
    pub(super) fn new(http: Http, issuer: String, mut url: Url) -> Self {
        let path = format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Self { http, issuer, document: url }
    }
}

#[async_trait]
impl Fetch for Discovered {
    async fn fetch(&mut self) -> Result<Option<Bytes>, String> {
        let document = &self.document;
        let text = self.http.get(document).await?;
        let metadata: Metadata = serde_json::from_slice(&text)
            .map_err(|error| format!("{document} is no discovery document: {error}"))?;
        // Whoever answers for an issuer has to be that issuer.
        if metadata.issuer != self.issuer {
            return Err(format!(
                "{document} is the discovery document of {:?}: an issuer has to be named exactly as that says, also its \
                 last slash",
                metadata.issuer
            ));
        }
        let keys = Url::parse(&metadata.jwks_uri)
            .map_err(|error| format!("{document} names {:?} for its keys: {error}", metadata.jwks_uri))?;
        address::check(&keys)
            .map_err(|problem| format!("{document} names {keys} for its keys: {problem}"))?;
        if document.scheme() == "https" && keys.scheme() != "https" {
            return Err(format!("{document} names {keys} for its keys, which is without TLS"));
        }
        self.http.get(&keys).await.map(Some)
    }

    fn name(&self) -> String {
        self.issuer.clone()
    }
}

/// A file.
pub(super) struct File {
    /// None after a reading that took too long.
    watched: Option<Watched>,
    path: PathBuf,
}

impl File {
    pub(super) fn new(watched: Watched, path: PathBuf) -> Self {
        Self { watched: Some(watched), path }
    }
}

#[async_trait]
impl Fetch for File {
    async fn fetch(&mut self) -> Result<Option<Bytes>, String> {
        let (watched, path) = (self.watched.take(), self.path.clone());
        // A file system may be slow.
        let look = spawn_blocking(move || match watched {
            Some(mut watched) => Ok((watched.look(), watched)),
            None => Watched::open(path).map(|watched| (Changed::To(watched.content().to_vec()), watched)),
        });
        let (changed, watched) = match look.await {
            Ok(Ok(looked)) => looked,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(error) => return Err(error.to_string()),
        };
        self.watched = Some(watched);
        match changed {
            Changed::Not => Ok(None),
            Changed::To(content) => Ok(Some(content.into())),
            Changed::Unreadable(reason) => Err(reason),
        }
    }

    fn interval(&self) -> Option<Duration> {
        Some(Watched::INTERVAL)
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

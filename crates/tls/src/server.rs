//! The side that is called.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{Certificate, Chain, HTTP, Invalid, Part, invalid, pem, provider};

/// The side that is called. Clones are the same, also when its files are read again.
#[derive(Debug, Clone)]
pub struct Server(Arc<RwLock<Arc<Current>>>);

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    chain: Chain,
}

/// The contents of its files, in PEM.
#[derive(Debug, Clone, Copy)]
pub struct ServerFiles<'a> {
    /// The certificate that callers are shown, and those of its issuers up to an authority that they know.
    pub certificate: &'a [u8],
    /// Its private key.
    pub key: &'a [u8],
    /// The authorities by which callers' certificates have to be issued. Where there are some, nobody is served without.
    pub client_authorities: Option<&'a [u8]>,
}

/// A connection that is agreed upon.
#[derive(Debug)]
pub struct Accepted<S> {
    /// What is sent over it.
    pub stream: TlsStream<S>,
    /// Whose it is, where callers have to show certificates.
    pub peer: Option<Certificate>,
}

impl Server {
    /// A server of these files.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn new(files: ServerFiles<'_>) -> Result<Self, Invalid> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(Current::new(files)?)))))
    }

    /// Takes other contents for connections that begin from now on. Where something is wrong with them, all stays as it was.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn replace(&self, files: ServerFiles<'_>) -> Result<(), Invalid> {
        let new = Arc::new(Current::new(files)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The certificate that callers are shown, with those of its issuers.
    #[must_use]
    pub fn chain(&self) -> Chain {
        self.current().chain.clone()
    }

    /// Agrees with a caller upon a connection. It takes as long as the caller likes: whoever calls this sets a limit.
    ///
    /// # Errors
    /// The caller speaks no TLS or none that both can, does not trust the certificate, or shows none that is trusted here.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<Accepted<S>> {
        let config = self.current().config.clone();
        let stream = TlsAcceptor::from(config).accept(stream).await;
        let stream = stream.map_err(|error| invalid::of_handshake(error, "the caller's"))?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let unreadable =
            || io::Error::new(io::ErrorKind::InvalidData, "the caller's certificate cannot be read");
        let peer = shown.map(|der| Certificate::parse(der).ok_or_else(unreadable)).transpose()?;
        Ok(Accepted { stream, peer })
    }

    fn current(&self) -> Arc<Current> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Current {
    fn new(files: ServerFiles<'_>) -> Result<Self, Invalid> {
        let certificates = pem::certificates(Part::Certificate, files.certificate)?;
        let chain = Chain::of(&certificates)?;
        let key = pem::key(files.key)?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Part::Certificate.is_wrong(error))?
            .with_client_cert_verifier(verifier(files.client_authorities)?)
            .with_single_cert(certificates, key);
        let mut config = config.map_err(|error| invalid::of_pair(&error))?;
        config.alpn_protocols = HTTP.map(<[u8]>::to_vec).to_vec();
        Ok(Self { config: Arc::new(config), chain })
    }
}

fn verifier(authorities: Option<&[u8]>) -> Result<Arc<dyn ClientCertVerifier>, Invalid> {
    let Some(text) = authorities else { return Ok(Arc::new(NoClientAuth)) };
    let roots = Arc::new(pem::authorities(text)?);
    match WebPkiClientVerifier::builder_with_provider(roots, provider()).build() {
        Ok(verifier) => Ok(verifier),
        Err(error) => Err(Part::Authorities.is_wrong(error)),
    }
}

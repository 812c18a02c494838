//! The side that calls.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{Chain, Invalid, Part, invalid, pem, provider};

/// The side that calls. Clones are the same, also when its files are read again.
#[derive(Debug, Clone)]
pub struct Client(Arc<RwLock<Arc<ClientConfig>>>);

/// The contents of its files, in PEM.
#[derive(Debug, Clone, Copy)]
pub struct ClientFiles<'a> {
    /// By whom the service's certificate has to be issued.
    pub authorities: Authorities<'a>,
    /// The certificate that the service is shown, and its private key.
    pub own: Option<(&'a [u8], &'a [u8])>,
}

/// By whom a service's certificate has to be issued.
#[derive(Debug, Clone, Copy)]
pub enum Authorities<'a> {
    /// By one that the system trusts.
    System,
    /// By one of a PEM file.
    Of(&'a [u8]),
}

impl Client {
    /// A client of these files.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn new(files: ClientFiles<'_>) -> Result<Self, Invalid> {
        Ok(Self(Arc::new(RwLock::new(config(files)?))))
    }

    /// Takes other contents for connections that begin from now on. Where something is wrong with them, all stays as it was.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn replace(&self, files: ClientFiles<'_>) -> Result<(), Invalid> {
        let new = config(files)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// Agrees with the service of a name upon a connection, over which HTTP/2 is spoken. Whoever calls this sets a limit to
    /// how long it takes.
    ///
    /// # Errors
    /// The service speaks no TLS or no HTTP/2, shows no certificate of this name that is trusted, or does not trust the one
    /// that it is shown.
    pub async fn connect(&self, name: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let other = |problem: &str| io::Error::new(io::ErrorKind::InvalidInput, problem.to_owned());
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| other("the service's address has no name that a certificate could have"))?;
        let config = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let stream = TlsConnector::from(config).connect(name, stream).await;
        let stream = stream.map_err(|error| invalid::of_handshake(error, "the service's"))?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(other("the service does not speak HTTP/2 over TLS"));
        }
        Ok(stream)
    }
}

fn config(files: ClientFiles<'_>) -> Result<Arc<ClientConfig>, Invalid> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Part::Authorities.is_wrong(error))?
        .with_root_certificates(roots(files.authorities)?);
    let mut config = match files.own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let certificates = pem::certificates(Part::Certificate, certificate)?;
            Chain::of(&certificates)?;
            let with_own = builder.with_client_auth_cert(certificates, pem::key(key)?);
            with_own.map_err(|error| invalid::of_pair(&error))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

fn roots(authorities: Authorities<'_>) -> Result<RootCertStore, Invalid> {
    match authorities {
        Authorities::Of(text) => pem::authorities(text),
        Authorities::System => {
            let found = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            // Some that a system has may be too old for today's rules.
            if roots.add_parsable_certificates(found.certs).0 == 0 {
                let why =
                    found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
                return Err(Part::Authorities.is_wrong(format_args!("the system's cannot be read: {why}")));
            }
            Ok(roots)
        }
    }
}

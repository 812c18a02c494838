//! A service over TLS, and clients of it that share no code with it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use channel_session_api::v1::channel_session_service_client::ChannelSessionServiceClient;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tempfile::TempDir;
use tls::authority::{Authority, Issued};
use tonic::transport::Endpoint;

use super::{Client, Rest};

/// The files of a service over TLS, and who issued them.
pub(crate) struct Secure {
    pub(crate) authority: Authority,
    folder: TempDir,
}

impl Secure {
    /// A service that is called `localhost`.
    pub(crate) fn new() -> Self {
        let this = Self { authority: Authority::generate(), folder: tempfile::tempdir().unwrap() };
        this.show(&this.authority.issue(&["localhost", "127.0.0.1"]));
        this.write("authority.pem", &this.authority.certificate);
        this
    }

    /// Gives the service this certificate, one file after the other.
    pub(crate) fn show(&self, issued: &Issued) {
        self.write("certificate.pem", &issued.certificate);
        self.write("key.pem", &issued.key);
    }

    /// A file beside the others.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The flags of a service that shows the certificate.
    pub(crate) fn flags(&self) -> Vec<String> {
        let (certificate, key) = (self.path("certificate.pem"), self.path("key.pem"));
        ["--tls-cert", &certificate, "--tls-key", &key].map(ToOwned::to_owned).to_vec()
    }

    /// The flags of one that asks its callers for theirs, too.
    pub(crate) fn mutual(&self) -> Vec<String> {
        let mut flags = self.flags();
        flags.extend(["--tls-client-ca".to_owned(), self.path("authority.pem")]);
        flags
    }

    /// The flags of a gateway that calls such a service.
    pub(crate) fn upstream(&self, own: &Issued) -> Vec<String> {
        let certificate = self.write("gateway.pem", &own.certificate);
        let key = self.write("gateway-key.pem", &own.key);
        let [certificate, key] = [certificate, key].map(|path| path.to_str().unwrap().to_owned());
        let authority = self.path("authority.pem");
        ["--upstream-ca", &authority, "--upstream-cert", &certificate, "--upstream-key", &key]
            .map(ToOwned::to_owned)
            .to_vec()
    }

    /// What a caller trusts, and its own certificate, if it has one.
    pub(crate) fn client(&self, own: Option<&Issued>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.certificate.as_bytes()).unwrap()).unwrap();
        config(roots, own)
    }

    /// A REST client of `localhost`.
    pub(crate) fn rest(&self, address: SocketAddr, own: Option<&Issued>) -> Rest {
        Rest::secure(address, self.client(own))
    }

    /// A gRPC client of `localhost`, connected.
    pub(crate) async fn grpc(
        &self,
        address: SocketAddr,
        own: Option<&Issued>,
    ) -> Result<Client, tonic::transport::Error> {
        let mut config = self.client(own);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", address.port())).unwrap();
        let channel = endpoint.connect_with_connector(connector(config)).await?;
        Ok(ChannelSessionServiceClient::new(channel))
    }

    /// Where the files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What a caller has that trusts nobody, as those who call without TLS.
pub(crate) fn nobody() -> ClientConfig {
    config(RootCertStore::empty(), None)
}

fn config(roots: RootCertStore, own: Option<&Issued>) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain = CertificateDer::pem_slice_iter(own.certificate.as_bytes());
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain.map(Result::unwrap).collect(), key).unwrap()
        }
    }
}

/// Connects with TLS where the address says so.
pub(crate) fn connector(config: ClientConfig) -> HttpsConnector<HttpConnector> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    HttpsConnector::from((http, config))
}

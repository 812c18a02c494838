//! Authorities, for tests: whose certificates nobody else trusts.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::{
    ServerConfig,
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::{Part, pem, provider};

/// One that issues certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Its own, in PEM.
    pub certificate: String,
}

/// A certificate and its key, in PEM.
pub struct Issued {
    /// Its chain.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// A new one, whom nobody trusts yet.
    ///
    /// # Panics
    /// If the system gives no random bytes.
    #[must_use]
    pub fn generate() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let certificate = issuer.pem();
        Self { issuer, certificate }
    }

    /// A certificate of these names: DNS names, addresses, or URIs.
    ///
    /// # Panics
    /// Where a name is none.
    #[must_use]
    pub fn issue(&self, names: &[&str]) -> Issued {
        self.sign(params(names))
    }

    /// One that was valid once.
    ///
    /// # Panics
    /// Where a name is none.
    #[must_use]
    pub fn expired(&self, names: &[&str]) -> Issued {
        let mut params = params(names);
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 1, 2));
        self.sign(params)
    }

    /// One of somebody who is known by it alone: it is issued by its own key, and issues no others.
    ///
    /// # Panics
    /// Where a name is none.
    #[must_use]
    pub fn self_signed(names: &[&str]) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(names).self_signed(&key).expect("a certificate");
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn sign(&self, params: CertificateParams) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let (uris, others) =
        names.iter().map(|&name| name.to_owned()).partition::<Vec<_>, _>(|name| name.contains("://"));
    let mut params = CertificateParams::new(others).expect("names");
    params.subject_alt_names.extend(uris.into_iter().map(|uri| SanType::URI(uri.try_into().expect("a URI"))));
    params
}

/// A certificate of X.509's first version, in PEM, which has no names.
pub const VERSION_1: &str = include_str!("authority/v1.pem");

/// Shows a certificate of the first version to whoever has connected: its version is seen before what it signs.
///
/// # Panics
/// If the system gives no random bytes.
pub async fn show_version_1(stream: TcpStream) {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.expect("the versions of TLS").with_no_client_auth();
    let key = KeyPair::generate().expect("a key").serialize_pem();
    let config = builder.with_cert_resolver(version_1(&key));
    // It is refused.
    let _ = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
}

/// A certificate of the first version, with somebody's key.
pub(crate) fn version_1(key: &str) -> Arc<SingleCertAndKey> {
    let certificates = pem::certificates(Part::Certificate, VERSION_1.as_bytes()).expect("a certificate");
    let key = pem::key(key.as_bytes()).expect("a key");
    let key = provider().key_provider.load_private_key(key).expect("a key");
    Arc::new(CertifiedKey::new(certificates, key).into())
}

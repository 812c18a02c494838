//! Keys over TLS.

use jsonwebtoken::Algorithm;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use serde_json::json;
use url::Url;

use super::{
    super::fetch::{Discovered, Fetch as _, Http},
    *,
};

/// What fetches the keys of an issuer, if that is known by one of these certificates.
fn source(issuer: &Issuer, known: &[CertificateDer<'static>]) -> Discovered {
    discovered(&issuer.url, known)
}

/// The same for an issuer at this address.
fn discovered(issuer: &str, known: &[CertificateDer<'static>]) -> Discovered {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(known.iter().cloned());
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Discovered::new(Http::over(tls), issuer.to_owned(), Url::parse(issuer).expect("an address"))
}

#[tokio::test]
async fn keys_come_from_whom_a_root_certificate_knows() {
    let signer = Signer::new("a", Algorithm::ES256);
    let (issuer, cert) = Issuer::start_tls(&[&signer]).await;
    let text = source(&issuer, std::slice::from_ref(&cert)).fetch().await.expect("keys").expect("keys");
    assert_eq!(text, issuer::set(&[&signer]));
    let error = source(&issuer, &[]).fetch().await.expect_err("not known");
    assert!(error.contains("UnknownIssuer") && issuer.fetches() == 1, "{error}");
    // Whoever is known must not lead to where nobody is.
    let plain = Issuer::start(&[&signer]).await;
    let keys = plain.url.replace("/realms/blue", issuer::KEYS);
    issuer.publish(issuer::DISCOVERY, 200, &json!({"issuer": issuer.url, "jwks_uri": keys}).to_string());
    let error = source(&issuer, &[cert]).fetch().await.expect_err("no TLS");
    assert!(error.contains("without TLS") && plain.fetches() == 0, "{error}");
}

#[tokio::test]
async fn a_certificate_of_the_first_version_is_said_to_be_one() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/realms/blue", listener.local_addr().expect("an address"));
    let issuer = async { ::tls::authority::show_version_1(listener.accept().await.expect("a call").0).await };
    let mut source = discovered(&url, &[]);
    let (fetched, ()) = tokio::join!(source.fetch(), issuer);
    let error = fetched.expect_err("no keys");
    assert!(error.contains(&url) && error.contains(": its certificate is of X.509 version 1"), "{error}");
}

//! An issuer of the tests' own: keys, tokens, and the addresses at which it publishes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
        KeyPair as _,
    },
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// A key, and what it signs.
pub(super) struct Signer {
    kid: String,
    algorithm: Algorithm,
    key: EncodingKey,
    /// Its public part, as an issuer publishes it.
    pub(super) jwk: Value,
    /// Its public part in other forms, for an RSA key.
    pub(super) public: Vec<Vec<u8>>,
}

impl Signer {
    pub(super) fn new(kid: &str, algorithm: Algorithm) -> Self {
        let mut public = Vec::new();
        let key = if algorithm == Algorithm::ES256 {
            ec(&ECDSA_P256_SHA256_FIXED_SIGNING)
        } else if algorithm == Algorithm::ES384 {
            ec(&ECDSA_P384_SHA384_FIXED_SIGNING)
        } else if algorithm == Algorithm::EdDSA {
            let pkcs8 = Ed25519KeyPair::generate().expect("a key").to_pkcs8v1().expect("a key");
            EncodingKey::from_ed_der(pkcs8.as_ref())
        } else {
            let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key");
            let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a public key");
            public.extend([pair.public_key().as_ref().to_vec(), der.as_ref().to_vec()]);
            let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("a private key");
            // The key itself comes behind what says that it is one of RSA.
            EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..])
        };
        let jwk = Jwk::from_encoding_key(&key, algorithm).expect("a public key");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        Self { kid: kid.to_owned(), algorithm, key, jwk, public }
    }

    pub(super) fn header(&self) -> Header {
        Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    pub(super) fn sign_with(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).expect("a token")
    }
}

fn ec(algorithm: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm) -> EncodingKey {
    let pair = EcdsaKeyPair::generate(algorithm).expect("a key");
    EncodingKey::from_ec_der(pair.to_pkcs8v1().expect("a key").as_ref())
}

/// An issuer on an address of this machine.
pub(super) struct Issuer {
    /// Its name.
    pub(super) url: String,
    state: Arc<State>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    /// What it answers at which path: a status and a text.
    documents: Mutex<Vec<(String, u16, String)>>,
    fetches: AtomicUsize,
    is_down: AtomicBool,
}

pub(super) const KEYS: &str = "/realms/blue/protocol/openid-connect/certs";
pub(super) const DISCOVERY: &str = "/realms/blue/.well-known/openid-configuration";

impl Issuer {
    pub(super) async fn start(keys: &[&Signer]) -> Self {
        Self::serve(keys, "http", None).await
    }

    /// One that answers over TLS, and the certificate by which it is known.
    pub(super) async fn start_tls(keys: &[&Signer]) -> (Self, CertificateDer<'static>) {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let cert = CertificateDer::from(cert);
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(vec![cert.clone()], key)
                .expect("a certificate");
        (Self::serve(keys, "https", Some(TlsAcceptor::from(Arc::new(config)))).await, cert)
    }

    async fn serve(keys: &[&Signer], scheme: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let serving = tokio::spawn(serve(listener, tls, Arc::clone(&state)));
        let url = format!("{scheme}://{address}/realms/blue");
        let issuer = Self { url: url.clone(), state, _serving: AbortOnDropHandle::new(serving) };
        let keys_url = format!("{scheme}://{address}{KEYS}");
        issuer.publish(DISCOVERY, 200, &json!({"issuer": url, "jwks_uri": keys_url}).to_string());
        issuer.publish_keys(keys);
        issuer
    }

    pub(super) fn publish_keys(&self, keys: &[&Signer]) {
        self.publish(KEYS, 200, &set(keys));
    }

    /// Answers with another text at a path.
    pub(super) fn publish(&self, path: &str, status: u16, text: &str) {
        let mut documents = self.state.documents.lock().expect("no panic");
        documents.retain(|(other, ..)| other != path);
        documents.push((path.to_owned(), status, text.to_owned()));
    }

    /// Whether it closes connections without an answer.
    pub(super) fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }

    /// How often its keys were fetched, or tried to.
    pub(super) fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::SeqCst)
    }
}

/// A JWK set.
pub(super) fn set(keys: &[&Signer]) -> String {
    json!({"keys": keys.iter().map(|signer| &signer.jwk).collect::<Vec<_>>()}).to_string()
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    while let Ok((connection, _)) = listener.accept().await {
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        if state.is_down.load(Ordering::SeqCst) {
            continue;
        }
        tokio::spawn(async move {
            match tls {
                Some(tls) => answer(tls.accept(connection).await?, &state).await,
                None => answer(connection, &state).await,
            }
        });
    }
}

async fn answer(mut connection: impl AsyncRead + AsyncWrite + Unpin, state: &State) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if connection.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    if path == KEYS {
        state.fetches.fetch_add(1, Ordering::SeqCst);
    }
    let (status, text) = {
        let documents = state.documents.lock().expect("no panic");
        let found = documents.iter().find(|(at, ..)| at == path);
        found.map_or((404, String::new()), |(_, status, text)| (*status, text.clone()))
    };
    let location = if status == 302 { format!("location: {text}\r\n") } else { String::new() };
    let head = format!(
        "HTTP/1.1 {status} X\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(text.as_bytes()).await?;
    connection.shutdown().await
}

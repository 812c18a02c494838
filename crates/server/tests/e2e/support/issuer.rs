//! An issuer of tokens as Keycloak is one: realms, each with a discovery document and keys of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// An issuer. Dropped, it is gone.
pub(crate) struct Issuer {
    address: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    address: String,
    key: Key,
    fetches: AtomicUsize,
}

/// A key, and its name.
pub(crate) struct Key {
    name: String,
    signing: EncodingKey,
    /// What the issuer publishes of it.
    public: Value,
}

/// For whom the service's tokens are meant.
pub(crate) const AUDIENCE: &str = "channel-sessions";

impl Key {
    pub(crate) fn generate(name: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        // The key itself comes behind what says that it is one of RSA.
        let signing = EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..]);
        let mut public =
            serde_json::to_value(Jwk::from_encoding_key(&signing, Algorithm::RS256).unwrap()).unwrap();
        (public["kid"], public["use"]) = (json!(name), json!("sig"));
        Self { name: name.to_owned(), signing, public }
    }

    /// What the issuer publishes of it.
    pub(crate) fn public(&self) -> &Value {
        &self.public
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.name.clone()), ..Header::new(Algorithm::RS256) };
        encode(&header, claims, &self.signing).unwrap()
    }
}

impl Issuer {
    /// An issuer with a key, at an address of this machine.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (key, fetches) = (Key::generate("one"), AtomicUsize::default());
        let shared = Arc::new(Shared { address: address.clone(), key, fetches });
        let discover = async |State(shared): State<Arc<Shared>>, Path(realm): Path<String>| {
            let issuer = format!("{}/realms/{realm}", shared.address);
            Json(json!({"issuer": issuer, "jwks_uri": format!("{issuer}/protocol/openid-connect/certs")}))
        };
        let keys = async |State(shared): State<Arc<Shared>>| {
            shared.fetches.fetch_add(1, Ordering::Relaxed);
            Json(json!({"keys": [shared.key.public]}))
        };
        let routes = Router::new()
            .route("/realms/{realm}/.well-known/openid-configuration", get(discover))
            .route("/realms/{realm}/protocol/openid-connect/certs", get(keys))
            .with_state(shared.clone());
        let serving = tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        Self { address, shared, serving }
    }

    /// The name of a realm, as tokens bear it.
    pub(crate) fn realm(&self, name: &str) -> String {
        format!("{}/realms/{name}", self.address)
    }

    /// The flags of a service that takes tokens of these realms.
    pub(crate) fn flags(&self, realms: &[&str]) -> Vec<String> {
        let issuers: Vec<_> = realms.iter().map(|realm| self.realm(realm)).collect();
        ["--authn", "oidc", "--oidc-audience", AUDIENCE, "--oidc-issuer", &issuers.join(",")]
            .map(ToOwned::to_owned)
            .to_vec()
    }

    /// The claims of a token of a service that calls for itself, with the scopes in `scope` and the tenant in `tenant_id`.
    pub(crate) fn claims(&self, realm: &str, tenant: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        json!({
            "exp": now + 300, "iat": now, "jti": "b1f5", "iss": self.realm(realm), "aud": [AUDIENCE, "account"],
            "sub": "8f7c", "typ": "Bearer", "azp": "ivr", "client_id": "ivr",
            "preferred_username": "service-account-ivr", "tenant_id": tenant,
            "scope": "profile channel-sessions:read channel-sessions:write",
        })
    }

    /// The key that it publishes.
    pub(crate) fn key(&self) -> &Key {
        &self.shared.key
    }

    /// How often its keys were fetched.
    pub(crate) fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::Relaxed)
    }

    /// Is gone from now on.
    pub(crate) async fn stop(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

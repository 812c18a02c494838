//! A service whose callers have keys.

use std::{fs, path::PathBuf};

use access::credentials::Digest;
use http::Method;
use serde_json::json;
use tonic::Status;

use super::{
    Front, Service, Store,
    canary::CANARY,
    http2::{Connection, framed},
    rest::Answer,
    timeout::within,
};

/// A service whose callers have keys, and the file that names them.
pub(crate) struct Guarded {
    pub(crate) service: Service,
    pub(crate) file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Guarded {
    /// Callers by their names, which are also in their keys, each with its tenant and scopes.
    pub(crate) async fn start(store: Store, front: Front, callers: &[(&str, &str, &[&str])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials.json");
        name(&file, callers);
        let flags = ["--authn", "api-keys", "--credentials-file", file.to_str().unwrap()];
        let service = Service::with(store, front, &flags).await;
        Self { service, file, _folder: folder }
    }

    /// A request over REST with a caller's key.
    pub(crate) async fn rest(&self, caller: &str, method: Method, path: &str, body: &str) -> Answer {
        let key = format!("Bearer {}", key(caller));
        let json = ("content-type", "application/json");
        self.service.rest().send(method, path, body.to_owned(), &[json, ("authorization", &key)]).await
    }

    /// A call of a method with these headers, and what its status is.
    pub(crate) async fn call(&self, method: &str, headers: &[(&str, &str)]) -> Status {
        let connection = Connection::open(self.service.server.address("grpc"), 65_535).await;
        let call = connection.call(method, headers, Some(framed(false, &[])), true).await;
        within("a status", call.status()).await.expect_err("an empty message is no call")
    }
}

/// A caller's key. No line of any log may have it.
pub(crate) fn key(caller: &str) -> String {
    let name: String = caller.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("chs_{CANARY}{name}")
}

/// Writes a file that names callers.
pub(crate) fn name(file: &PathBuf, callers: &[(&str, &str, &[&str])]) {
    let callers: Vec<_> = callers
        .iter()
        .map(|(name, tenant, scopes)| {
            json!({"name": name, "tenant": tenant, "scopes": scopes, "keys": [Digest::of(&key(name)).to_string()]})
        })
        .collect();
    fs::write(file, json!({ "callers": callers }).to_string()).unwrap();
}

//! Tenants that share one service: one that floods it takes no more than its share.

mod fairness;
mod quotas;

use std::fs;

use access::credentials::Digest;
use channel_session_api::v1::{CreateChannelSessionRequest, UpdateDataRequest};
use serde_json::json;
use tonic::{Request, Status};

use crate::support::{Client, Front, Service, Store};

const SCOPES: [&str; 3] = ["channel-sessions:read", "channel-sessions:write", "channel-sessions:delete"];

/// A service with tenants, each of which has one caller with a key, that have the tenant's name.
struct Tenants {
    service: Service,
    _folder: tempfile::TempDir,
}

impl Tenants {
    async fn start(store: Store, front: Front, tenants: &[&str], flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials.json");
        let callers: Vec<_> = tenants
            .iter()
            .map(|name| {
                let keys = [Digest::of(&key(name)).to_string()];
                json!({"name": name, "tenant": name, "scopes": SCOPES, "keys": keys})
            })
            .collect();
        fs::write(&file, json!({ "callers": callers }).to_string()).unwrap();
        let access = ["--authn", "api-keys", "--credentials-file", file.to_str().unwrap()];
        let service = Service::with(store, front, &[&access[..], flags].concat()).await;
        Self { service, _folder: folder }
    }

    /// Callers of a tenant's, with a connection for each 100 of them.
    async fn callers(&self, tenant: &'static str, count: usize) -> Vec<Caller> {
        let mut callers = Vec::new();
        while callers.len() < count {
            let client = self.service.grpc().await;
            let more = (count - callers.len()).min(100);
            callers.extend((0..more).map(|_| Caller { tenant, client: client.clone() }));
        }
        callers
    }

    async fn caller(&self, tenant: &'static str) -> Caller {
        Caller { tenant, client: self.service.grpc().await }
    }
}

/// One who calls in a tenant's name.
#[derive(Clone)]
struct Caller {
    tenant: &'static str,
    client: Client,
}

fn key(tenant: &str) -> String {
    format!("chs_{tenant}")
}

impl Caller {
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let header = format!("Bearer {}", key(self.tenant)).parse().unwrap();
        request.metadata_mut().insert("authorization", header);
        request
    }

    async fn create(&self, id: &str) {
        let request = CreateChannelSessionRequest {
            channel_session_id: id.to_owned(),
            document_json: Some("{}".to_owned()),
            ..Default::default()
        };
        self.client.clone().create_channel_session(self.request(request)).await.unwrap();
    }

    async fn update(&self, update: UpdateDataRequest) -> Result<i64, Status> {
        let answer = self.client.clone().update_data(self.request(update)).await?;
        Ok(answer.into_inner().channel_session.unwrap().revision)
    }
}

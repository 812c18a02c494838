//! A service over TLS whose callers have to show tokens.

use std::{fs, path::Path};

use tls::{Authorities, Client, ClientFiles, authority::Authority};

use super::issuer::{self, Issuer};
use crate::{Failure, load::grpc::Secure, process::Process};

pub(crate) struct Guarded {
    pub(crate) serve: Process,
    tls: Client,
    issuer: Issuer,
}

impl Guarded {
    /// With its files in a folder, and further settings.
    pub(crate) async fn start(database_url: &str, folder: &Path, further: &[&str]) -> Result<Self, Failure> {
        let (authority, issuer) = (Authority::generate(), Issuer::generate()?);
        let issued = authority.issue(&["127.0.0.1"]);
        let file = |name: &str, text: &str| -> Result<String, Failure> {
            let path = folder.join(name);
            fs::write(&path, text)?;
            Ok(path.to_str().ok_or("the folder's name is no text")?.to_owned())
        };
        let certificate = file("certificate.pem", &issued.certificate)?;
        let (key, keys) = (file("key.pem", &issued.key)?, file("keys.json", &issuer.keys()?)?);
        let settings =
            ["--tls-cert", &certificate, "--tls-key", &key, "--authn", "oidc", "--oidc-jwks", &keys];
        let issuing = ["--oidc-issuer", issuer::NAME, "--oidc-audience", issuer::AUDIENCE];
        let serve = Process::serve_with(database_url, &[&settings[..], &issuing, further].concat()).await?;
        let authorities = Authorities::Of(authority.certificate.as_bytes());
        let tls = Client::new(ClientFiles { authorities, own: None })?;
        Ok(Self { serve, tls, issuer })
    }

    /// How a tenant's callers call it.
    pub(crate) fn secure(&self, tenant: &str) -> Result<Secure, Failure> {
        let authorization = format!("Bearer {}", self.issuer.token(tenant)?).parse()?;
        Ok(Secure { tls: self.tls.clone(), authorization })
    }
}

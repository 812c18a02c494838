//! `serve --check`: what a start would find, reported in a line for each, and nothing of it changed.
//!
//! Another check is another function in [`Serve::findings`].

use std::process::ExitCode;

use domain::finding::Finding;

use super::super::{Failure, Serve, check};
use crate::{access::credentials, config::Authn, memory, store, tenants};

impl Serve {
    /// Says what is found, and whether a start would go well.
    pub(super) async fn check(&self) -> Result<ExitCode, Failure> {
        check::report(&self.findings().await)
    }

    async fn findings(&self) -> Vec<Finding> {
        let served =
            [("--grpc-addr", &*self.grpc_addr.grpc_addr), ("--http-addr", &*self.http_addr.http_addr)];
        let mut findings = check::settings(self.check_access());
        findings.extend(check::certificate(&self.tls));
        findings.extend(self.callers());
        findings.extend(self.issuers().await);
        findings.extend(self.tenants());
        findings.extend(check::addresses(&served, &self.metrics));
        findings.extend(memory::finding(&self.memory()));
        findings.extend(self.limits.connections(self.database.max_connections).finding());
        findings.extend(check::collector());
        findings.extend(store::inspect(&self.database).await);
        findings
    }

    /// The file that names callers.
    fn callers(&self) -> Option<Finding> {
        const CREDENTIALS: &str = "credentials file";
        let path = self.access.credentials_file.as_deref()?;
        Some(match credentials(path) {
            Ok((credentials, _)) => {
                let (keys, certificates) = credentials.count();
                Finding::fine(CREDENTIALS, format!("it has {keys} keys and {certificates} certificates"))
            }
            Err(error) => Finding::failed(CREDENTIALS, error),
        })
    }

    /// The file that says what single tenants may.
    fn tenants(&self) -> Option<Finding> {
        const TENANTS: &str = "tenants file";
        self.tenants.tenants_file.as_ref()?;
        Some(match tenants::read(&self.tenants, &self.rules) {
            Ok(_) => Finding::fine(TENANTS, "it says what tenants may"),
            Err(error) => Finding::failed(TENANTS, error),
        })
    }

    /// The keys that tokens are verified with.
    async fn issuers(&self) -> Vec<Finding> {
        const ISSUERS: &str = "token keys";
        // What is wrong with the settings has been reported.
        if !self.access.takes(Authn::Oidc) || self.access.check().is_err() {
            return Vec::new();
        }
        let probed = match self.access.oidc() {
            Ok(settings) => settings.probe().await,
            Err(invalid) => Err(invalid),
        };
        match probed {
            Ok(probed) => probed
                .into_iter()
                .map(|(name, keys)| match keys {
                    Ok(keys) => Finding::fine(ISSUERS, format!("{name} has {keys}")),
                    Err(error) => Finding::failed(ISSUERS, format!("{name}: {error}")),
                })
                .collect(),
            Err(invalid) => vec![Finding::failed(ISSUERS, invalid.to_string())],
        }
    }
}

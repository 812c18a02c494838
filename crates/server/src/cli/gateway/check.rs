//! `gateway --check`: what a start would find, reported in a line for each, and nothing of it changed.

use std::{fs, process::ExitCode};

use domain::finding::Finding;
use gateway::{Readiness, Upstream};
use tls::Chain;

use super::super::{Failure, Gateway, check};
use crate::{memory, transport};

impl Gateway {
    /// Says what is found, and whether a start would go well.
    pub(super) async fn check(&self) -> Result<ExitCode, Failure> {
        let mut findings = check::settings(self.check_settings());
        findings.extend(check::certificate(&self.tls));
        findings.extend(self.own_certificate());
        findings.extend(check::addresses(&[("--http-addr", &self.http_addr.http_addr)], &self.metrics));
        findings.extend(memory::finding(&self.memory()));
        findings.extend(self.limits.connections_of_gateway().finding());
        findings.extend(check::collector());
        findings.extend(self.service().await);
        check::report(&findings)
    }

    /// The certificate that the service is shown, where it asks for one.
    fn own_certificate(&self) -> Option<Finding> {
        // What is wrong with the files is reported of the service, which is then not called.
        let (certificate, _) = self.upstream.pair().ok()??;
        let chain = Chain::of_pem(&fs::read(certificate).ok()?).ok()?;
        Some(check::validity("certificate for the service", &chain, "the service refuses it"))
    }

    /// The service, which is asked once whether it can serve.
    async fn service(&self) -> Option<Finding> {
        const SERVICE: &str = "service";
        let tls = match transport::client(&self.upstream) {
            Ok(tls) => tls.map(|(tls, _)| tls),
            Err(error) => return Some(Finding::failed(SERVICE, error)),
        };
        // What is wrong with the settings has been reported.
        let address = self.service_address(tls.is_some()).ok()?;
        let hint = if tls.is_none() { "; where it speaks TLS, give --upstream-ca" } else { "" };
        let grpc_addr = &self.grpc_addr.grpc_addr;
        Some(match Upstream::at(address, tls).readiness().await {
            Readiness::Ready => Finding::fine(SERVICE, format!("it is ready at {grpc_addr}")),
            Readiness::NotReady(why) => {
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                Finding::warning(SERVICE, format!("it answers at {grpc_addr}, and is not ready{why}"))
            }
            Readiness::Unavailable(why) => Finding::failed(
                SERVICE,
                format!("it cannot be called at {grpc_addr} (--grpc-addr): {why}{hint}"),
            ),
        })
    }
}

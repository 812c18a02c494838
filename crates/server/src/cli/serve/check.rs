//! `serve --check`: what a start would find, told in a line for each, and nothing of it changed.
//!
//! Another check is another function in [`Serve::findings`].

use std::{
    io::{self, Write},
    net::TcpListener,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use clap::CommandFactory as _;
use domain::finding::{Finding, Verdict};

use super::super::{Failure, Program, Serve};
use crate::{
    access::credentials,
    config::{Authn, environment},
    memory, store, tenants, transport,
};

/// How long before its end a certificate should have been renewed: most are a month before.
const RENEWED_BY: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Serve {
    /// Says what is found, and whether a start would go well.
    pub(super) async fn check(&self) -> Result<ExitCode, Failure> {
        let findings = self.findings().await;
        write(io::stdout(), &findings)?;
        let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failed);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn findings(&self) -> Vec<Finding> {
        let mut findings = self.settings();
        findings.extend(self.certificate());
        findings.extend(self.callers());
        findings.extend(self.issuers().await);
        findings.extend(self.tenants());
        findings.extend(self.addresses());
        findings.extend(memory::finding(&self.memory()));
        findings.extend(self.collector());
        findings.extend(store::inspect(&self.database).await);
        findings
    }

    /// Settings that contradict each other, and variables that look like settings and are none.
    fn settings(&self) -> Vec<Finding> {
        const SETTINGS: &str = "settings";
        let agree = match self.check_access() {
            Ok(()) => Finding::fine(SETTINGS, "they can be meant together"),
            Err(error) => Finding::failed(SETTINGS, error.to_string()),
        };
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let misspelt = environment::misspelt(&Program::command(), variables);
        let misspelt = misspelt.into_iter().map(|(variable, setting)| {
            Finding::warning(
                SETTINGS,
                format!("{variable} is no variable of the program's; {setting} is one"),
            )
        });
        [agree].into_iter().chain(misspelt).collect()
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

    /// The certificate that callers are shown, with its key and the authorities of callers' own.
    fn certificate(&self) -> Option<Finding> {
        const CERTIFICATE: &str = "TLS certificate";
        // What is wrong with the settings has been told.
        self.tls.pair().ok()??;
        let chain = match transport::server(&self.tls) {
            Ok(server) => server?.0.chain(),
            Err(error) => return Some(Finding::failed(CERTIFICATE, error)),
        };
        let end = transport::end(&chain);
        if chain.begins > SystemTime::now() {
            let first = humantime::format_rfc3339_seconds(chain.begins);
            return Some(Finding::failed(CERTIFICATE, format!("callers refuse it until {first}")));
        }
        Some(match chain.expires.duration_since(SystemTime::now()) {
            Err(_) => Finding::failed(CERTIFICATE, format!("it expired {end}: callers refuse it")),
            Ok(_) if !chain.is_named => {
                Finding::warning(CERTIFICATE, format!("it {}; it expires {end}", transport::NAMELESS))
            }
            Ok(left) if left > RENEWED_BY => Finding::fine(CERTIFICATE, format!("it expires {end}")),
            Ok(_) => Finding::warning(CERTIFICATE, format!("it expires soon, {end}")),
        })
    }

    /// The keys that tokens are verified with.
    async fn issuers(&self) -> Vec<Finding> {
        const ISSUERS: &str = "token keys";
        // What is wrong with the settings has been told.
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

    /// Where the process is to listen: both at once, as it does.
    fn addresses(&self) -> Vec<Finding> {
        let served =
            [("--grpc-addr", &*self.grpc_addr.grpc_addr), ("--http-addr", &self.http_addr.http_addr)];
        let metrics = self.metrics.addr().map(|address| ("--metrics-addr", address));
        let wanted = served.into_iter().chain(metrics);
        let bound: Vec<_> =
            wanted.map(|(flag, address)| (flag, address, TcpListener::bind(address))).collect();
        let found = bound.iter().map(|(flag, address, bound)| match bound {
            Ok(_) => Finding::fine("address", format!("{address} is free")),
            Err(error) if *flag == "--metrics-addr" && self.metrics.may_be_taken() => {
                let said =
                    format!("{address}: {error}; metrics are told nowhere, unless {flag} names another");
                Finding::warning("address", said)
            }
            Err(error) => {
                let said = format!("cannot listen on {address}: {error}; choose another with {flag}");
                Finding::failed("address", said)
            }
        });
        found.collect()
    }

    /// What OpenTelemetry's variables say, and what is to be said of them.
    fn collector(&self) -> Vec<Finding> {
        const COLLECTOR: &str = "OpenTelemetry";
        let destination = match otlp::destination() {
            Ok(destination) => destination.map(|destination| {
                Finding::fine(COLLECTOR, format!("traces or metrics go to {destination}"))
            }),
            Err(invalid) => Some(Finding::failed(COLLECTOR, invalid.to_string())),
        };
        let remarks = otlp::remarks().into_iter();
        let remarks =
            remarks.map(|remark| Finding::warning(COLLECTOR, format!("{}: {remark}", remark.variable)));
        destination.into_iter().chain(remarks).collect()
    }
}

fn write(mut out: impl Write, findings: &[Finding]) -> io::Result<()> {
    for Finding { what, verdict, said } in findings {
        let verdict = match verdict {
            Verdict::Fine => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "FAILED",
        };
        // A line each: what the database says may have several.
        let said = said.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        writeln!(out, "{verdict:7} {what}: {said}")?;
    }
    out.flush()
}

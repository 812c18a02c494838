//! What `serve --check` and `gateway --check` both look at, and how they report it: in a line for each thing, with
//! nothing changed.

use std::{
    io::{self, Write},
    net::TcpListener,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use clap::CommandFactory as _;
use domain::finding::{Finding, Verdict};
use tls::Chain;

use super::{Failure, Program};
use crate::{
    config::{Metrics, Tls, environment},
    transport,
};

/// How long before its end a certificate should have been renewed: most are a month before.
const RENEWED_BY: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Says what is found, and whether a start would go well.
pub(super) fn report(findings: &[Finding]) -> Result<ExitCode, Failure> {
    write(io::stdout(), findings)?;
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Settings that contradict each other, and variables that look like settings and are none.
pub(super) fn settings(agree: Result<(), Failure>) -> Vec<Finding> {
    const SETTINGS: &str = "settings";
    let agree = match agree {
        Ok(()) => Finding::fine(SETTINGS, "they can be meant together"),
        Err(error) => Finding::failed(SETTINGS, error.to_string()),
    };
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let misspelt = environment::misspelt(&Program::command(), variables);
    let misspelt = misspelt.into_iter().map(|(variable, setting)| {
        Finding::warning(SETTINGS, format!("{variable} is no variable of the program's; {setting} is one"))
    });
    [agree].into_iter().chain(misspelt).collect()
}

/// The certificate that callers are shown, with its key and the authorities of callers' own.
pub(super) fn certificate(tls: &Tls) -> Option<Finding> {
    const CERTIFICATE: &str = "TLS certificate";
    // What is wrong with the settings has been reported.
    tls.pair().ok()??;
    let chain = match transport::server(tls) {
        Ok(server) => server?.0.chain(),
        Err(error) => return Some(Finding::failed(CERTIFICATE, error)),
    };
    let validity = validity(CERTIFICATE, &chain, "callers refuse it");
    if validity.verdict != Verdict::Failed && !chain.is_named {
        let said = format!("it {}; {}", transport::NAMELESS, validity.said);
        return Some(Finding::warning(CERTIFICATE, said));
    }
    Some(validity)
}

/// Whether a certificate is valid now and for a while, and what becomes of one that is not.
pub(super) fn validity(what: &'static str, chain: &Chain, otherwise: &str) -> Finding {
    let end = transport::end(chain);
    if chain.begins > SystemTime::now() {
        let first = humantime::format_rfc3339_seconds(chain.begins);
        return Finding::failed(what, format!("{otherwise} until {first}"));
    }
    match chain.expires.duration_since(SystemTime::now()) {
        Err(_) => Finding::failed(what, format!("it expired {end}: {otherwise}")),
        Ok(left) if left > RENEWED_BY => Finding::fine(what, format!("it expires {end}")),
        Ok(_) => Finding::warning(what, format!("it expires soon, {end}")),
    }
}

/// Where the process is to listen, each address with its flag: all at once, as it does.
pub(super) fn addresses<'a>(served: &[(&'a str, &'a str)], metrics: &'a Metrics) -> Vec<Finding> {
    let served = served.iter().copied();
    let of_metrics = metrics.addr().map(|address| ("--metrics-addr", address));
    let wanted = served.chain(of_metrics);
    let bound: Vec<_> = wanted.map(|(flag, address)| (flag, address, TcpListener::bind(address))).collect();
    let found = bound.iter().map(|(flag, address, bound)| match bound {
        Ok(_) => Finding::fine("address", format!("{address} is free ({flag})")),
        Err(error) if *flag == "--metrics-addr" && metrics.may_be_taken() => {
            let said =
                format!("{address}: {error}; metrics are exposed nowhere, unless {flag} names another");
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
pub(super) fn collector() -> Vec<Finding> {
    const COLLECTOR: &str = "OpenTelemetry";
    let destination = match otlp::destination() {
        Ok(destination) => destination
            .map(|destination| Finding::fine(COLLECTOR, format!("traces or metrics go to {destination}"))),
        Err(invalid) => Some(Finding::failed(COLLECTOR, invalid.to_string())),
    };
    let remarks = otlp::remarks().into_iter();
    let remarks = remarks.map(|remark| Finding::warning(COLLECTOR, format!("{}: {remark}", remark.variable)));
    destination.into_iter().chain(remarks).collect()
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

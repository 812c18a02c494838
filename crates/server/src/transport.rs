//! TLS as the configuration says it: for those who call, and to the service that a gateway calls.

mod pems;
mod reach;

use std::time::SystemTime;

use telemetry::{Signal, signal};
use tls::{Authorities, Chain, Client, ClientFiles, Part, Server, ServerFiles};

use crate::{
    config::{Tls, UpstreamTls},
    followed::Followed,
};
use pems::Pems;

pub(crate) use reach::check as check_reach;

/// TLS for those who call, and the files to be followed for it. None where they call without.
///
/// # Errors
/// A setting is missing, or something is wrong with a file: which one, and what.
pub(crate) fn server(settings: &Tls) -> Result<Option<(Server, Followed)>, String> {
    let Some((certificate, key)) = settings.pair()? else { return Ok(None) };
    let mut pems = Pems::default();
    pems.add(Part::Certificate, "--tls-cert", certificate);
    pems.add(Part::Key, "--tls-key", key);
    if let Some(authorities) = &settings.tls_client_ca {
        pems.add(Part::Authorities, "--tls-client-ca", authorities);
    }
    let files = pems.open()?;
    let server =
        Server::new(server_files(&pems, &pems::contents(&files))).map_err(|why| pems.describe(&why))?;
    tracing::info!(holds = expiry(&server), "the TLS certificate was read");
    let following = server.clone();
    let take = move |contents: &[&[u8]]| {
        following.replace(server_files(&pems, contents)).map_err(|why| pems.describe(&why))?;
        Ok(expiry(&following))
    };
    Ok(Some((server, Followed::new("the TLS certificate", files, take))))
}

fn server_files<'a>(pems: &Pems, contents: &[&'a [u8]]) -> ServerFiles<'a> {
    let of = |part| pems.of(part, contents);
    ServerFiles {
        certificate: of(Part::Certificate).unwrap_or_default(),
        key: of(Part::Key).unwrap_or_default(),
        client_authorities: of(Part::Authorities),
    }
}

/// When the certificate expires, for the log.
fn expiry(server: &Server) -> String {
    let chain = server.chain();
    signal_expiry("server", chain.expires);
    let end = end(&chain);
    if chain.expires <= SystemTime::now() {
        tracing::warn!("the TLS certificate expired {end}: callers will refuse it");
    }
    if !chain.is_named {
        tracing::warn!("the TLS certificate {NAMELESS}");
    }
    format!("a certificate that expires {end}")
}

/// When a certificate expires, and whose in its file it is, where it is not the first.
pub(crate) fn end(chain: &Chain) -> String {
    let day = humantime::format_rfc3339_seconds(chain.expires);
    let whose = if chain.expires_by_issuer() { ", by that of an issuer in its file" } else { "" };
    format!("at {day}{whose}")
}

/// What is to be said of a certificate without names.
pub(crate) const NAMELESS: &str = "has no name (subjectAltName): most callers take it for no host; have it issued with subjectAltName=DNS:…";

fn signal_expiry(of: &'static str, expires: SystemTime) {
    let since_epoch = expires.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let at = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    signal(Signal::CertificateExpiry { of, at });
}

/// What `--upstream-ca` says where the system's authorities are meant.
const SYSTEM: &str = "system";

/// TLS to the service that a gateway calls, and the files to be followed for it. None where it is called without.
///
/// # Errors
/// A setting is missing, or something is wrong with a file: which one, and what.
pub(crate) fn client(settings: &UpstreamTls) -> Result<Option<(Client, Followed)>, String> {
    let own = settings.pair()?;
    let Some(authorities) = &settings.upstream_ca else { return Ok(None) };
    let mut pems = Pems::default();
    if authorities.as_os_str() != SYSTEM {
        pems.add(Part::Authorities, "--upstream-ca", authorities);
    }
    if let Some((certificate, key)) = own {
        pems.add(Part::Certificate, "--upstream-cert", certificate);
        pems.add(Part::Key, "--upstream-key", key);
    }
    let files = pems.open()?;
    let contents = pems::contents(&files);
    let client = Client::new(client_files(&pems, &contents)).map_err(|why| pems.describe(&why))?;
    signal_own_expiry(&client_files(&pems, &contents));
    let following = client.clone();
    let take = move |contents: &[&[u8]]| {
        let files = client_files(&pems, contents);
        following.replace(files).map_err(|why| pems.describe(&why))?;
        signal_own_expiry(&files);
        Ok("other authorities, or another certificate of its own".to_owned())
    };
    Ok(Some((client, Followed::new("what the gateway calls the service with", files, take))))
}

fn signal_own_expiry(files: &ClientFiles<'_>) {
    let chain = files.own.and_then(|(certificate, _)| Chain::of_pem(certificate).ok());
    if let Some(Chain { expires, .. }) = chain {
        signal_expiry("client", expires);
    }
}

fn client_files<'a>(pems: &Pems, contents: &[&'a [u8]]) -> ClientFiles<'a> {
    let of = |part| pems.of(part, contents);
    ClientFiles {
        authorities: of(Part::Authorities).map_or(Authorities::System, Authorities::Of),
        own: of(Part::Certificate).zip(of(Part::Key)),
    }
}

//! By which names a service may be called.
//!
//! DNS rebinding: a page's own host name, once it has loaded, leads to an address of the victim's network. To the browser that
//! is still the page's origin, so it reads whatever is answered there. What gives it away is the name in `Host`: it has to be
//! one that its owner can lead anywhere, so a registered one.

use std::{net::IpAddr, sync::Arc};

use http::uri::Authority;

/// A name by which a service is called: `sessions.example`, also with a port, `*.example` for all below it, or `*` for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(Pattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    /// All names that end so.
    Below(String),
    Name {
        host: String,
        port: Option<u16>,
    },
}

/// The names by which a service is called, beside those that nobody can lead elsewhere. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    listed: Arc<[Host]>,
    is_listed: bool,
}

/// Domains below which there are no names that can be registered (RFC 6761, RFC 6762, and ICANN's for private use), or, as
/// `svc`, none at all.
const PRIVATE: [&str; 4] = [".localhost", ".local", ".internal", ".svc"];

impl Host {
    /// # Errors
    /// What a name looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = || {
            format!(
                "{text:?} is no host: write it as sessions.example, sessions.example:8443, *.example, or * for any"
            )
        };
        let text = text.trim();
        if text == "*" {
            return Ok(Self(Pattern::Any));
        }
        let (is_below, name) =
            text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).map_or((false, text), |it| (true, it));
        let authority: Authority = name.parse().map_err(|_| refused())?;
        let is_name = !authority.as_str().contains(['@', '*']) && !authority.host().is_empty();
        // A colon without a number behind it would be taken for no port.
        let is_port = authority.port_u16().is_some() || authority.host().len() == authority.as_str().len();
        let (host, port) = (plain(authority.host()), authority.port_u16());
        match (is_name && is_port, is_below, port) {
            (true, true, None) => Ok(Self(Pattern::Below(format!(".{host}")))),
            (true, false, port) => Ok(Self(Pattern::Name { host, port })),
            _ => Err(refused()),
        }
    }

    fn fits(&self, host: &str, port: Option<u16>) -> bool {
        match &self.0 {
            Pattern::Any => true,
            Pattern::Below(end) => host.ends_with(end.as_str()),
            Pattern::Name { host: name, port: asked } => name == host && (asked.is_none() || *asked == port),
        }
    }
}

impl Hosts {
    /// These names. `own` is the address that the service is configured to listen on, such as `sessions.example:8080`.
    #[must_use]
    pub fn new(listed: Vec<Host>, own: &str) -> Self {
        let is_listed = !listed.is_empty();
        let own = own.rsplit_once(':').map_or(own, |(host, _)| host);
        let own = Host::parse(own).ok().filter(|own| own.0 != Pattern::Any);
        Self { listed: listed.into_iter().chain(own).collect(), is_listed }
    }

    /// Whether names have been listed, so that others are refused in any case.
    pub(crate) fn are_listed(&self) -> bool {
        self.is_listed
    }

    /// Whether a request for this authority may be one for this service.
    pub(crate) fn allow(&self, authority: &str) -> bool {
        // Old programs say nothing; browsers always do.
        if authority.is_empty() {
            return true;
        }
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let (host, port) = (plain(authority.host()), authority.port_u16());
        is_unregistrable(&host) || self.listed.iter().any(|listed| listed.fits(&host, port))
    }
}

/// Whether nobody can have registered a name: an address, a name of one word, one of a private domain.
fn is_unregistrable(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok() || !host.contains('.') || PRIVATE.iter().any(|end| host.ends_with(end))
}

/// A host as it is compared: in lower case, without the dot that a full name may end with.
fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(listed: &[&str], own: &str) -> Hosts {
        Hosts::new(listed.iter().map(|text| Host::parse(text).expect(text)).collect(), own)
    }

    #[test]
    fn a_name_that_somebody_could_have_registered_has_to_be_listed() {
        let none = hosts(&[], "0.0.0.0:8080");
        for fine in [
            "",
            "localhost",
            "localhost:8080",
            "LOCALHOST.",
            "app.localhost:1",
            "127.0.0.1:8080",
            "[::1]:8080",
            "192.0.2.7",
            "channel-sessions:8080",
            "channel-sessions.default.svc.cluster.local",
            "sessions.ns.svc",
            "db.internal",
        ] {
            assert!(none.allow(fine), "{fine}");
        }
        for foreign in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "x.local.evil.example",
            "127.0.0.1.nip.io",
            "a b",
            "notlocalhost.example.",
        ] {
            assert!(!none.allow(foreign), "{foreign}");
        }
    }

    #[test]
    fn listed_names_are_taken_as_they_are_written() {
        let listed = hosts(&["sessions.example", "other.example:8443", "*.apps.example"], "own.example:8080");
        for (host, is_fine) in [
            ("sessions.example", true),
            ("Sessions.Example:1234", true),
            ("sessions.example.", true),
            ("other.example:8443", true),
            ("other.example", false),
            ("other.example:80", false),
            ("a.apps.example", true),
            ("a.b.apps.example:1", true),
            ("apps.example", false),
            ("evilapps.example", false),
            ("own.example", true),
            ("xsessions.example", false),
            ("sessions.example.evil.example", false),
        ] {
            assert_eq!(listed.allow(host), is_fine, "{host}");
        }
        assert!(listed.are_listed() && !hosts(&[], "own.example:8080").are_listed());
        assert!(hosts(&["*"], "").allow("evil.example"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "http://a.example",
            "a.example/x",
            "user@a.example",
            "*.a.example:80",
            "a.*",
            "a.example:x",
            "a b",
        ] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }
}

//! From where keys may come.

use url::{Host, Url};

/// Whether keys may come from an address: whoever is on the way to it must not be able to put others in their place.
pub(in crate::oidc) fn check(url: &Url) -> Result<(), &'static str> {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("this address has no host"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address of public keys has no user and no password: leave them out");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback => Ok(()),
        "http" => Err(
            "keys are not fetched without TLS, since whoever is on the way could put others in their place: use https:// \
             (http:// is fine for this machine's own loopback addresses alone), or name a file of the keys",
        ),
        _ => Err("use an address that begins with https://"),
    }
}

/// An address as an error may show it: without a user and a password, which somebody may have written into it.
pub(in crate::oidc) fn shown(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => address.to_owned(),
    }
}

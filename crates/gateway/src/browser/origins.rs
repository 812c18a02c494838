//! Which foreign origins may call a service.

use std::sync::Arc;

use http::{HeaderValue, Uri};

/// An origin, as browsers write it: `https://app.example`, with a port where that is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The origins whose pages may call. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Origins(Arc<[Origin]>);

impl Origin {
    /// # Errors
    /// What an origin looks like. There is none that stands for all, and `null` is anybody's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written = written(text.trim()).ok_or_else(|| {
            format!("{text:?} is no origin: write each as https://app.example or http://localhost:3000, without a path")
        })?;
        HeaderValue::try_from(written).map(Self).map_err(|error| error.to_string())
    }
}

/// An origin as a browser writes it: in lower case, without the scheme's own port.
fn written(text: &str) -> Option<String> {
    let (scheme, authority) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let own_port = default_port(&scheme)?;
    if authority.contains(['@', '/', '?', '#', '*']) {
        return None;
    }
    let uri: Uri = format!("{scheme}://{authority}/").parse().ok()?;
    let authority = uri.authority()?;
    let host = authority.host().to_ascii_lowercase();
    match authority.as_str().len() - host.len() {
        0 => Some(format!("{scheme}://{host}")),
        _ => match authority.port_u16()? {
            port if port == own_port => Some(format!("{scheme}://{host}")),
            port => Some(format!("{scheme}://{host}:{port}")),
        },
    }
}

/// The port that an origin of this scheme does not name.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl Origins {
    /// These, and no others.
    #[must_use]
    pub fn new(listed: Vec<Origin>) -> Self {
        Self(listed.into())
    }

    /// Whether there are any.
    pub(crate) fn are_listed(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether this one is among them, to the byte.
    pub(crate) fn allow(&self, origin: &HeaderValue) -> bool {
        self.0.iter().any(|listed| listed.0 == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_write_it() {
        for (text, expected) in [
            ("https://app.example", "https://app.example"),
            (" HTTPS://App.Example:443", "https://app.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(Origin::parse(text).expect(text).0, expected);
        }
        for text in [
            "",
            "*",
            "null",
            "app.example",
            "https://",
            "https://*.example",
            "https://app.example/",
            "https://a@app.example",
            "file:///x",
            "ftp://app.example",
            "https://app.example:",
            "https://app.example:x",
            "https://a b",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_is_listed_is_allowed() {
        let origins = Origins::new(vec![Origin::parse("https://app.example").expect("an origin")]);
        for (origin, is_allowed) in [
            ("https://app.example", true),
            ("http://app.example", false),
            ("https://app.example:8443", false),
            ("https://app.example.evil.example", false),
            ("https://evilapp.example", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(origins.allow(&HeaderValue::from_static(origin)), is_allowed, "{origin}");
        }
    }
}

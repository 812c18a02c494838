//! What a certificate says of its holder.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer, time::ASN1Time};

/// What a certificate says of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The subject's alternative names, each with its kind, as OpenSSL prints them: `DNS:ivr.example.com`,
    /// `URI:spiffe://example.com/ivr`. Other kinds are left out.
    pub names: Vec<String>,
    /// From when on it is valid.
    pub begins: SystemTime,
    /// When it expires.
    pub expires: SystemTime,
}

impl Certificate {
    /// Reads one in DER.
    #[must_use]
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok()?;
        let names =
            names.map_or(&[][..], |names| &names.value.general_names).iter().filter_map(name).collect();
        let validity = certificate.validity();
        Some(Self { names, begins: time(validity.not_before), expires: time(validity.not_after) })
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = name {
        Some(format!("DNS:{name}"))
    } else if let GeneralName::URI(name) = name {
        Some(format!("URI:{name}"))
    } else {
        None
    }
}

fn time(time: ASN1Time) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or(0))
}

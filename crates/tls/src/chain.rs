//! A certificate with those of its issuers, as whoever shows it has them in a file.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer, x509::X509Version};

use crate::{Certificate, Invalid, Part, invalid::VERSION_1, pem};

/// A certificate with those of its issuers, as whoever shows it has them in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The holder's own, which is the first.
    pub own: Certificate,
    /// From when on all of them are valid.
    pub begins: SystemTime,
    /// Until when all of them are: peers refuse the holder's own with an issuer's.
    pub expires: SystemTime,
    /// Whether the holder's own has names (subject alternative names) of any kind. Without, hardly anybody takes it for any host,
    /// whatever its subject says.
    pub is_named: bool,
}

impl Chain {
    /// Those of a PEM file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn of_pem(text: &[u8]) -> Result<Self, Invalid> {
        Self::of(&pem::certificates(Part::Certificate, text)?)
    }

    /// Certificates of which the holder's own is the first.
    pub(crate) fn of(all: &[CertificateDer<'_>]) -> Result<Self, Invalid> {
        let unreadable = |at: usize| {
            Part::Certificate.is_wrong(format_args!("its certificate no. {} cannot be read", at + 1))
        };
        let first = all.first().ok_or_else(|| unreadable(0))?;
        let (_, parsed) = X509Certificate::from_der(first).map_err(|_| unreadable(0))?;
        if parsed.version() != X509Version::V3 {
            return Err(Part::Certificate.is_wrong(format_args!("its first certificate {VERSION_1}")));
        }
        let is_named = parsed.subject_alternative_name().is_ok_and(|names| names.is_some());
        let read =
            |(at, der): (usize, &CertificateDer<'_>)| Certificate::parse(der).ok_or_else(|| unreadable(at));
        let issuers = all.iter().enumerate().skip(1).map(read).collect::<Result<Vec<_>, _>>()?;
        let own = read((0, first))?;
        let begins = issuers.iter().map(|it| it.begins).fold(own.begins, SystemTime::max);
        let expires = issuers.iter().map(|it| it.expires).fold(own.expires, SystemTime::min);
        Ok(Self { own, begins, expires, is_named })
    }

    /// Whether it is an issuer's certificate that expires first.
    #[must_use]
    pub fn expires_by_issuer(&self) -> bool {
        self.expires < self.own.expires
    }
}

//! What is wrong with the files of certificates and keys.

use std::{error::Error, fmt, io};

/// What is wrong with a file, and which one it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Invalid {
    /// The file.
    pub part: Part,
    /// What to fix.
    pub problem: String,
}

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The certificate that is shown, and those of its issuers.
    Certificate,
    /// Its private key.
    Key,
    /// The authorities by which the peer's certificate has to be issued.
    Authorities,
}

impl Part {
    pub(crate) fn is_wrong(self, problem: impl fmt::Display) -> Invalid {
        Invalid { part: self, problem: problem.to_string() }
    }
}

/// What is wrong with a certificate and its key, as the library says it.
pub(crate) fn of_pair(error: &rustls::Error) -> Invalid {
    if matches!(error, rustls::Error::InconsistentKeys(_)) {
        Part::Key.is_wrong("it is not the certificate's key")
    } else {
        Part::Certificate.is_wrong(error)
    }
}

/// What is wrong with a certificate of the first version, which has no extensions.
pub(crate) const VERSION_1: &str = "is of X.509 version 1, as `openssl x509 -req` makes them unless it is given extensions, and \
    no peer takes it: have it issued as version 3, with subjectAltName=DNS:… for its names";

/// Why there is no connection, in words where the library has none.
pub(crate) fn of_handshake(error: io::Error, whose: &str) -> io::Error {
    match in_words(&error, whose) {
        Some(words) => io::Error::new(error.kind(), words),
        None => error,
    }
}

/// What an error, or what led to it, says of somebody's certificate, such as "the service's", in words where the library has none.
#[must_use]
pub fn in_words(error: &(dyn Error + 'static), whose: &str) -> Option<String> {
    let mut causes = std::iter::successors(Some(error), |&cause| match cause.downcast_ref::<io::Error>() {
        // What an I/O error holds is none of its causes.
        Some(error) => error.get_ref().map(|held| held as &(dyn Error + 'static)),
        None => cause.source(),
    });
    let is_of_version_1 = causes.any(|cause| cause.downcast_ref().is_some_and(is_of_version_1));
    is_of_version_1.then(|| format!("{whose} certificate {VERSION_1}"))
}

fn is_of_version_1(error: &rustls::Error) -> bool {
    // The error of the library below, which it does not name.
    if let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = error {
        other.to_string().contains("UnsupportedCertVersion")
    } else {
        false
    }
}

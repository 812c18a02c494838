//! What is wrong with the files of certificates and keys.

use std::fmt;

/// What is wrong with a file, and which one it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Invalid {
    /// The file.
    pub part: Part,
    /// What to mend.
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

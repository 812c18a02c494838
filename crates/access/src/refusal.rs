//! Why a caller is not known.

/// Why a caller is not known. For the log alone, and never with anything of what was shown: to callers, all are one answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request shows nothing.
    #[error("the request shows no credentials")]
    Nothing,
    /// The header is there twice, or is not of the form `Bearer <token>`.
    #[error("the Authorization header is not one bearer token")]
    Malformed,
    /// No method takes it.
    #[error("what the request shows is of no kind that is taken here")]
    UnknownKind,
    /// The key is not in the credentials file.
    #[error("the API key is not in the credentials file")]
    UnknownKey,
    /// None of the certificate's names is in the credentials file.
    #[error("no name of the client certificate is in the credentials file")]
    UnknownCertificate,
    /// Several callers of the credentials file have a name of the certificate.
    #[error("the names of the client certificate are several callers' in the credentials file")]
    AmbiguousCertificate,
    /// The certificate was valid when its connection began, and is not any more.
    #[error("the client certificate has expired since its connection began")]
    ExpiredCertificate,
    /// The token is not one that the issuer signed for this service, or not any more.
    #[error("the token is refused: {0}")]
    Token(String),
}

impl Refusal {
    /// What kind of credentials were refused, for metrics.
    #[must_use]
    pub fn credentials(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Malformed | Self::UnknownKind => "unknown",
            Self::UnknownKey => "api_key",
            Self::UnknownCertificate | Self::AmbiguousCertificate | Self::ExpiredCertificate => {
                "client_certificate"
            }
            Self::Token(_) => "token",
        }
    }
}

//! Why settings cannot be.

use super::address;

/// Why settings cannot be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// There is no issuer.
    #[error(
        "name the issuer of the tokens, exactly as their `iss` has it (Keycloak: https://<host>/realms/<realm>)"
    )]
    NoIssuer,
    /// An issuer is named more than once.
    #[error("the issuer {0} is named twice")]
    IssuerTwice(String),
    /// There is no audience.
    #[error(
        "name the audience that tokens have to be meant for. Keycloak writes one only where it is configured to: give the \
         client a mapper of the type Audience"
    )]
    NoAudience,
    /// An address cannot be used.
    #[error("{address}: {problem}")]
    Address {
        /// Which one.
        address: String,
        /// What to fix.
        problem: &'static str,
    },
    /// The path of a claim has empty parts.
    #[error("{0:?} names no claim: it has to be a name, or names with dots between them")]
    Claim(String),
    /// The tenant is to be the issuer's last path segment, and an issuer has none.
    #[error(
        "the issuer {0} has no path whose last segment could be the tenant: name another tenant claim than iss"
    )]
    NoSegment(String),
    /// The tenant is to be the issuer's last path segment, and two with keys of their own have the same.
    #[error("two issuers would be the tenant {0:?}: name another tenant claim than iss")]
    SameSegment(String),
    /// The tenant is to be the issuer's last path segment, and several issuers have the same keys.
    #[error(
        "issuers with the same keys would be tenants of their own, and each could sign for the others: leave the keys to \
         their discovery documents, or name another tenant claim than iss"
    )]
    SharedKeys,
    /// A file of keys cannot be read or holds none.
    #[error("{path}: {problem}")]
    File {
        /// Which one.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// No certificate of a root authority is to be found.
    #[error(
        "the system's root certificates cannot be read: {0}. Install them (ca-certificates), or name a file of them in \
         SSL_CERT_FILE"
    )]
    Roots(String),
}

impl Invalid {
    pub(super) fn address(address: &str, problem: &'static str) -> Self {
        Self::Address { address: address::shown(address), problem }
    }
}

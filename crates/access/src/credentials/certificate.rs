//! Callers that are known by the names of their certificates.

use std::{sync::PoisonError, time::SystemTime};

use async_trait::async_trait;

use super::{Credentials, Entry};
use crate::{Identity, Method, Refusal, Shown};

/// Client certificates, as a way in which callers say who they are.
pub(super) struct ClientCertificates(pub(super) Credentials);

#[async_trait]
impl Method for ClientCertificates {
    async fn identify(&self, shown: &Shown<'_>) -> Option<Result<Identity, Refusal>> {
        // Whoever shows a token, too, is who that says: a proxy has a certificate, and hands on its callers' tokens.
        let certificate = shown.certificate.filter(|_| shown.bearer.is_none())?;
        let callers = self.0.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut named = certificate.names.iter().filter_map(|name| callers.by_name.get(name));
        let entry = named.next();
        Some(match entry {
            None => Err(Refusal::UnknownCertificate),
            Some(entry) if named.any(|other| !other.is_same(entry)) => Err(Refusal::AmbiguousCertificate),
            // It was valid when the connection began.
            Some(_) if certificate.expires <= SystemTime::now() => Err(Refusal::ExpiredCertificate),
            Some(Entry { identity, .. }) => {
                let validity = identity.validity.clone().and_until(certificate.expires);
                Ok(Identity { validity, ..identity.clone() })
            }
        })
    }
}

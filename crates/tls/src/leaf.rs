//! Certificates that issue no others, given where authorities are asked for.

use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer, x509::X509Version};

use crate::provider;

/// What is wrong with a file that has no others.
pub(crate) const NO_AUTHORITY: &str = "it has no authority's certificate: what is in it was issued by others and may issue none \
    (its basicConstraints do not say CA:TRUE), so nobody's certificate would be accepted; name the authority that issued it";

/// Whether no certificate can be accepted by this one: it may issue none, and is not its holder's own by which that is known.
///
/// Whom a certificate that is trusted has issued is taken whatever it says of itself, as it always was of the first version and of
/// what is not read here: so one is a leaf only where there is no doubt.
pub(crate) fn is_leaf(certificate: &CertificateDer<'_>) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return false };
    let may_issue = match parsed.key_usage() {
        Ok(usage) => parsed.is_ca() || usage.is_some_and(|usage| usage.value.key_cert_sign()),
        Err(_) => true,
    };
    parsed.version() == X509Version::V3 && !may_issue && !is_self_signed(&parsed)
}

fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    let (key, signature) = (&certificate.public_key().subject_public_key, &certificate.signature_value);
    let signs = |message: &[u8]| {
        // Those that are not of the key's kind do not fit.
        let mut all = provider().signature_verification_algorithms.all.iter();
        all.any(|algorithm| algorithm.verify_signature(&key.data, message, &signature.data).is_ok())
    };
    certificate.issuer().as_raw() == certificate.subject().as_raw()
        && signs(certificate.tbs_certificate.as_ref())
}

//! PEM files: certificates and keys between their lines.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{
    Invalid, Part,
    leaf::{NO_AUTHORITY, is_leaf},
};

/// The certificates of a file, in its order; there is at least one.
pub(crate) fn certificates(part: Part, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Invalid> {
    let all = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
    let all =
        all.map_err(|error| part.is_wrong(format_args!("it is no PEM file of certificates: {error}")))?;
    if all.is_empty() {
        return Err(part.is_wrong(
            "it has no certificate: a PEM file has some between BEGIN CERTIFICATE and END CERTIFICATE",
        ));
    }
    Ok(all)
}

/// The private key of a file. What is wrong with it is said without anything of it.
pub(crate) fn key(text: &[u8]) -> Result<PrivateKeyDer<'static>, Invalid> {
    PrivateKeyDer::from_pem_slice(text).map_err(|_| {
        Part::Key.is_wrong(
            "it has no private key that can be read: a PEM file has one between BEGIN PRIVATE KEY and END PRIVATE KEY, \
             without a password",
        )
    })
}

/// The authorities of a file. Beside one that is there may be others, as in a file of a certificate with its issuers.
pub(crate) fn authorities(text: &[u8]) -> Result<RootCertStore, Invalid> {
    let mut roots = RootCertStore::empty();
    let all = certificates(Part::Authorities, text)?;
    if all.iter().all(is_leaf) {
        return Err(Part::Authorities.is_wrong(NO_AUTHORITY));
    }
    for certificate in all {
        roots.add(certificate).map_err(|error| {
            Part::Authorities.is_wrong(format_args!("a certificate in it cannot be an authority's: {error}"))
        })?;
    }
    Ok(roots)
}

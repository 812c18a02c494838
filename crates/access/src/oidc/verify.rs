//! A token that somebody shows, and whether it is one.

use jsonwebtoken::{
    Algorithm, Header, Validation, dangerous::insecure_decode_claims, decode, decode_header,
    errors::ErrorKind,
};
use serde::Deserialize;

use super::{
    access_token::{self, Other},
    claims::Claims,
    keys::{self, Key, Keys, Missing},
};

/// How far the issuer's clock and this one may differ, in seconds.
pub(super) const LEEWAY: u64 = 30;

/// Why a token is refused. Says nothing that stands in the token: anybody can write anything into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("it is longer than any that is taken")]
    TooLong,
    #[error("its header is none of a signed token, or names an algorithm that is none")]
    Header,
    #[error("its header has extensions that are critical")]
    Critical,
    #[error("it is signed with an algorithm that needs a shared secret")]
    Secret,
    #[error("its claims cannot be read, or say no issuer")]
    Claims,
    #[error("its issuer is none of those that are set")]
    OtherIssuer,
    #[error("the keys of its issuer are not known, since they could not be fetched yet")]
    NoKeys,
    #[error("{}", missing(*.0))]
    NoKey(Missing),
    #[error("its signature is not its issuer's")]
    Signature,
    #[error("its {0} claim is absent, or of another type")]
    Absent(&'static str),
    #[error("it has neither an nbf nor an iat claim, so that nothing says from when on it holds")]
    NoBeginning,
    #[error("it has expired")]
    Expired,
    #[error("it holds only from later on, or was issued in the future: do the clocks differ?")]
    TooEarly,
    #[error("it is meant for another audience")]
    OtherAudience,
    #[error("it is no access token for bearers: {0}")]
    Kind(Other),
    #[error("its tenant claim is absent, or no text that can be a tenant")]
    Tenant,
    #[error("neither its sub claim nor a client's id says who calls")]
    Requester,
}

fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Unknown => "its issuer has no key of the name that it bears",
        Missing::OtherAlgorithm => "the key that it names is not for the algorithm that it is signed with",
        Missing::Ambiguous => "it names no key, and there is not exactly one that it could be signed with",
    }
}

/// A token of which nothing is known yet but what it says itself.
pub(super) struct Unverified<'a> {
    token: &'a str,
    header: Header,
    pub(super) issuer: String,
}

/// What is needed to find the keys.
#[derive(Deserialize)]
struct Issuer {
    iss: String,
}

impl<'a> Unverified<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Reason> {
        // `none` is no algorithm for this reader.
        let header = decode_header(token).map_err(|_| Reason::Header)?;
        if header.crit.is_some() {
            return Err(Reason::Critical);
        }
        if !keys::is_taken(header.alg) {
            return Err(Reason::Secret);
        }
        let Issuer { iss } = insecure_decode_claims(token).map_err(|_| Reason::Claims)?;
        Ok(Self { token, header, issuer: iss })
    }

    /// The key that it has to be signed with.
    pub(super) fn key<'k>(&self, keys: &'k Keys) -> Result<&'k Key, Reason> {
        keys.find(self.header.kid.as_deref(), self.header.alg).map_err(Reason::NoKey)
    }

    /// What it claims, if all of it is so.
    pub(super) fn verify(&self, keys: &Keys, issuer: &str, audience: &str) -> Result<Claims, Reason> {
        let key = self.key(keys)?;
        let validation = validation(self.header.alg, issuer, audience);
        let claims =
            decode(self.token, &key.decoding, &validation).map_err(|error| reason(error.kind()))?.claims;
        let claims = Claims::new(claims);
        claims.check_beginning()?;
        access_token::check(self.header.typ.as_deref(), &claims).map_err(Reason::Kind)?;
        Ok(claims)
    }
}

/// What has to be there, and how.
fn validation(algorithm: Algorithm, issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    // Where a claim is not required, one that is absent is not checked either.
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "another crate's, and open: what it has not named yet is refused, too"
)]
fn reason(error: &ErrorKind) -> Reason {
    match error {
        ErrorKind::InvalidSignature => Reason::Signature,
        ErrorKind::ExpiredSignature => Reason::Expired,
        ErrorKind::ImmatureSignature => Reason::TooEarly,
        ErrorKind::InvalidAudience => Reason::OtherAudience,
        ErrorKind::InvalidIssuer => Reason::OtherIssuer,
        ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => match name.as_str() {
            "exp" => Reason::Absent("exp"),
            "nbf" => Reason::Absent("nbf"),
            "iss" => Reason::Absent("iss"),
            "aud" => Reason::Absent("aud"),
            _ => Reason::Claims,
        },
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => Reason::Claims,
        // What is left has to do with keys and signatures.
        _ => Reason::Signature,
    }
}

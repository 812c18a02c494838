//! Which of an issuer's tokens are for calling services with.
//!
//! An issuer signs other things with the same keys: ID tokens, which say to a client who has logged in, refresh tokens,
//! tokens that say who has logged out. Nothing in the signature distinguishes them, so the token has to:
//!
//! - The header's `typ` is `at+jwt` in access tokens of RFC 9068 (Keycloak: an option of the client) and `JWT` or absent in
//!   others. Any other type, such as `logout+jwt`, is of something else.
//! - Keycloak has a claim `typ`: `Bearer` in access tokens, and `ID`, `Refresh`, `Offline`, `Logout`, `DPoP` in others.
//! - Hashes of what is handed out beside a token (`at_hash`, `c_hash`, `s_hash`) are in ID tokens alone, and `events` in
//!   those that report something.
//! - A `nonce` is an ID token's, too, but Keycloak once wrote it into access tokens and still does where a mapper (`Nonce
//!   backwards compatible`) asks for it. So it counts only where neither of the types above says that the token is an access token.
//!
//! A token that is bound to its bearer's key (`cnf`) is refused: whether the bearer has the key is not checked here, and a
//! token that was stolen must not be good for more than its issuer meant it to be.

use super::claims::Claims;

/// What a token is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Other {
    #[error("its header is that of another type of token")]
    Header,
    #[error("its typ claim is not Bearer")]
    Type,
    #[error("it has claims of an ID token")]
    Id,
    #[error("it has an events claim")]
    Event,
    #[error("it is bound to a key that its bearer would have to prove")]
    Bound,
}

pub(super) fn check(header: Option<&str>, claims: &Claims) -> Result<(), Other> {
    let header = header.map(str::to_ascii_lowercase);
    let is_by_header = match header.as_deref() {
        Some("at+jwt" | "application/at+jwt") => true,
        None | Some("jwt" | "application/jwt") => false,
        Some(_) => return Err(Other::Header),
    };
    let is_by_claim = match claims.get("typ") {
        None => false,
        Some(typ) if typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("bearer")) => true,
        Some(_) => return Err(Other::Type),
    };
    let has_any = |names: &[&str]| names.iter().any(|name| claims.get(name).is_some());
    if has_any(&["at_hash", "c_hash", "s_hash"]) || (has_any(&["nonce"]) && !is_by_header && !is_by_claim) {
        return Err(Other::Id);
    }
    if has_any(&["events"]) {
        return Err(Other::Event);
    }
    if has_any(&["cnf"]) {
        return Err(Other::Bound);
    }
    Ok(())
}

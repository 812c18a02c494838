//! In whose name a token's bearer calls.

use domain::caller::Requester;

use super::{claims::Claims, verify::Reason};
use crate::name;

/// What Keycloak's names of service accounts begin with; the client's id follows, in small letters as all its users' names.
const SERVICE_ACCOUNT: &str = "service-account-";

/// In whose name a token's bearer calls: that of `sub`, or where a service calls for itself, the client's id (`client_id`, or
/// `azp`, as Keycloak's tokens always have).
///
/// A service calls for itself where
///
/// - `sub` is the client's id, as RFC 9068 has it for grants without a user, or
/// - `preferred_username` is that of the client's service account. In Keycloak a service has a user of its own, whose random
///   id is in `sub` and means nothing to a reader of the history. That name cannot be another user's as long as the
///   client has a service account, since names are unique in a realm; and it counts only in tokens of that same client.
/// - there is no `sub`, as in Keycloak where the client has no scope `basic`: then a client is all that the token names.
pub(super) fn of(claims: &Claims) -> Result<Requester, Reason> {
    let client = claims.text("client_id").or_else(|| claims.text("azp"));
    let sub = claims.get("sub").map(|sub| sub.as_str().ok_or(Reason::Requester)).transpose()?;
    let is_service = |client: &str| {
        let account = claims.text("preferred_username").and_then(|name| name.strip_prefix(SERVICE_ACCOUNT));
        sub.is_none_or(|sub| sub == client) || account == Some(&client.to_lowercase())
    };
    let requester = client.filter(|client| is_service(client)).or(sub);
    requester.filter(|name| name::is_fine(name)).map(Requester::from_stored).ok_or(Reason::Requester)
}

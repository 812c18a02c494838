//! Tenants that are named by their issuer, such as one Keycloak realm for each.

use domain::session::TenantId;

use super::Invalid;
use crate::name;

/// The last segment of an issuer's path, as it is written there.
pub(in crate::oidc) fn last_segment(issuer: &str) -> Option<&str> {
    let (_, rest) = issuer.split_once("://")?;
    let (_, path) = rest.trim_end_matches('/').split_once('/')?;
    path.rsplit('/').next().filter(|segment| name::is_fine(segment))
}

/// Whether each issuer is a tenant of its own by it.
pub(super) fn check(issuers: &[String], is_same_keys: bool) -> Result<(), Invalid> {
    let mut tenants = Vec::new();
    for issuer in issuers {
        let segment = last_segment(issuer).ok_or_else(|| Invalid::NoSegment(issuer.clone()))?;
        let tenant = TenantId::from_stored(segment);
        let is_known = tenants.contains(&tenant);
        if !is_same_keys && is_known {
            return Err(Invalid::SameSegment(segment.to_owned()));
        }
        // Those that have the same keys are one, a realm under two names: either could sign for the other.
        if is_same_keys && !is_known && !tenants.is_empty() {
            return Err(Invalid::SharedKeys);
        }
        tenants.push(tenant);
    }
    Ok(())
}

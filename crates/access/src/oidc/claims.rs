//! What a token claims, and what is taken from it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::session::TenantId;
use serde_json::{Map, Value};

use super::{
    requester,
    settings::{self, Rules, Tenant},
    verify::{LEEWAY, Reason},
};
use crate::{Identity, Scope, Scopes, Validity, name};

/// What a token claims.
pub(super) struct Claims(Map<String, Value>);

/// Where a claim is: a name, or names of objects within each other.
pub(super) struct Path {
    whole: String,
    names: Vec<String>,
}

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// A claim; `null` is none.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    fn at(&self, path: &Path) -> Option<&Value> {
        // A name that has dots itself, as that of a claim in somebody's namespace, comes first.
        if let Some(value) = self.get(&path.whole) {
            return Some(value);
        }
        let (first, rest) = path.names.split_first()?;
        rest.iter().try_fold(self.0.get(first)?, |value, name| value.get(name))
    }

    /// A time of the day, in seconds since 1970; none where the claim is absent.
    fn time(&self, name: &'static str) -> Result<Option<SystemTime>, Reason> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let time = seconds.and_then(|seconds| UNIX_EPOCH.checked_add(seconds));
        time.map(Some).ok_or(Reason::Absent(name))
    }

    /// Whether it holds by now. That is for `nbf` to say; but Keycloak has none in its tokens since version 10, which it means
    /// to hold from when they are issued. So there has to be one of the two, and both are checked where both are there.
    pub(super) fn check_beginning(&self) -> Result<(), Reason> {
        let [nbf, iat] = [self.time("nbf")?, self.time("iat")?];
        let latest = nbf.max(iat).ok_or(Reason::NoBeginning)?;
        if latest > SystemTime::now() + Duration::from_secs(LEEWAY) {
            return Err(Reason::TooEarly);
        }
        Ok(())
    }
}

impl Path {
    /// None where one of the names is empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let names: Vec<_> = text.split('.').map(str::to_owned).collect();
        (!names.iter().any(String::is_empty)).then(|| Self { whole: text.to_owned(), names })
    }
}

impl Rules {
    /// Who the bearer of a token is, and when it expires.
    pub(super) fn identity(&self, claims: &Claims) -> Result<(Identity, SystemTime), Reason> {
        let expires = claims.time("exp")?.ok_or(Reason::Absent("exp"))?;
        let identity = Identity {
            tenant: self.tenant(claims)?,
            requester: requester::of(claims)?,
            scopes: claims.at(&self.scopes).map(scopes).unwrap_or_default(),
            validity: Validity::until(expires),
        };
        Ok((identity, expires))
    }

    fn tenant(&self, claims: &Claims) -> Result<TenantId, Reason> {
        let name = match &self.tenant {
            Tenant::Claim(path) => claims.at(path).and_then(Value::as_str),
            Tenant::Issuer => claims.text("iss").and_then(settings::last_segment),
        };
        name.filter(|name| name::is_fine(name)).map(TenantId::from_stored).ok_or(Reason::Tenant)
    }
}

/// The scopes of a claim, which is a text with blanks between them or a list. Others than those of this service are normal.
fn scopes(claim: &Value) -> Scopes {
    match claim {
        Value::String(text) => text.split(' ').filter_map(Scope::parse).collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).filter_map(Scope::parse).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Scopes::default(),
    }
}

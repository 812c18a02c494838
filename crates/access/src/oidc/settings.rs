//! What is set for bearer tokens, and whether it can be.

pub(super) mod address;
mod invalid;
mod realm;

use std::{path::PathBuf, sync::Arc};

use url::Url;

use super::{
    claims::Path,
    fetch::{Discovered, Fetch, File, Http, Named},
    keys::Keys,
};
use crate::watched::Watched;

pub use invalid::Invalid;
pub(super) use realm::last_segment;

/// What is set for bearer tokens.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who issues them, exactly as they bear it in `iss`. Keycloak: `https://<host>/realms/<realm>`.
    pub issuers: Vec<String>,
    /// For whom they have to be meant: it has to be in `aud`. Best a name of this service's own, which no client has that
    /// people log in to: then an ID token, which is meant for its client, is of no use here whatever else it says.
    pub audience: String,
    /// Where the issuers' keys are. With none, each issuer's discovery document says where its own are. With one, these are
    /// the keys of every issuer in the list, as for one realm under two names.
    pub jwks: Option<Source>,
    /// The claim that names the tenant: a name, a path such as `realm_access.tenant`, or `iss` for the last segment of the
    /// issuer's path. Whoever can have it written into a token chooses whose sessions it sees: in Keycloak, it must come from
    /// an attribute that users cannot edit themselves.
    pub tenant_claim: String,
    /// The claim that lists the scopes: a name, or a path such as `realm_access.roles`.
    pub scope_claim: String,
}

/// Where keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// At an address.
    Url(Url),
    /// In a file, which is read again when it has changed.
    File(PathBuf),
}

/// What the claims of a token have to say, and what is taken from them.
pub(super) struct Rules {
    pub(super) audience: String,
    pub(super) tenant: Tenant,
    pub(super) scopes: Path,
}

/// What names the tenant.
pub(super) enum Tenant {
    Claim(Path),
    /// The last path segment of `iss`.
    Issuer,
}

/// A source of keys, and whose they are.
pub(super) struct Keysource {
    pub(super) issuers: Vec<String>,
    pub(super) fetch: Box<dyn Fetch>,
    /// Those that are known already.
    pub(super) keys: Option<Arc<Keys>>,
}

impl Settings {
    /// The tenant claim where nothing else is set.
    pub const TENANT_CLAIM: &str = "tenant_id";

    /// The scope claim where nothing else is set.
    pub const SCOPE_CLAIM: &str = "scope";

    pub(super) fn check(self) -> Result<(Rules, Vec<Keysource>), Invalid> {
        let Self { issuers, audience, jwks, tenant_claim, scope_claim } = self;
        if issuers.is_empty() || issuers.iter().any(String::is_empty) {
            return Err(Invalid::NoIssuer);
        }
        if let Some((_, twice)) =
            issuers.iter().enumerate().find(|(at, issuer)| issuers[..*at].contains(issuer))
        {
            return Err(Invalid::IssuerTwice(twice.clone()));
        }
        if audience.trim().is_empty() {
            return Err(Invalid::NoAudience);
        }
        let path = |claim: String| Path::parse(&claim).ok_or(Invalid::Claim(claim));
        let tenant = if tenant_claim == "iss" {
            realm::check(&issuers, jwks.is_some())?;
            Tenant::Issuer
        } else {
            Tenant::Claim(path(tenant_claim)?)
        };
        let sources = match jwks {
            Some(source) => vec![source.open(issuers)?],
            None => issuers.into_iter().map(discover).collect::<Result<_, _>>()?,
        };
        Ok((Rules { audience, tenant, scopes: path(scope_claim)? }, sources))
    }
}

impl Source {
    /// Takes what begins with `https://`, `http://` or `file://` for an address, and everything else for a file's path.
    ///
    /// # Errors
    /// If it begins as an address and is none.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if !["https://", "http://", "file://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self::File(text.into()));
        }
        let invalid = |problem| Invalid::address(text, problem);
        let url = Url::parse(text).map_err(|_| invalid("this is no address"))?;
        if url.scheme() == "file" {
            return url.to_file_path().map(Self::File).map_err(|()| invalid("this is no file's path"));
        }
        Ok(Self::Url(url))
    }

    fn open(self, issuers: Vec<String>) -> Result<Keysource, Invalid> {
        match self {
            Self::Url(url) => {
                address::check(&url).map_err(|problem| Invalid::address(url.as_str(), problem))?;
                let fetch = Box::new(Named(Http::new(&url)?, url));
                Ok(Keysource { issuers, fetch, keys: None })
            }
            Self::File(path) => {
                let invalid = |problem| Invalid::File { path: path.display().to_string(), problem };
                let watched = Watched::open(&path).map_err(|error| invalid(error.to_string()))?;
                let keys = Keys::parse(watched.content()).map_err(invalid)?;
                if keys.is_empty() {
                    return Err(invalid(
                        "there is no key in it that signatures can be verified with".to_owned(),
                    ));
                }
                let fetch = Box::new(File::new(watched, path));
                Ok(Keysource { issuers, fetch, keys: Some(Arc::new(keys)) })
            }
        }
    }
}

/// The keys that an issuer's discovery document leads to.
fn discover(issuer: String) -> Result<Keysource, Invalid> {
    let invalid = |problem| Invalid::address(&issuer, problem);
    let url =
        Url::parse(&issuer).map_err(|_| invalid("this issuer is no address: say where its keys are"))?;
    address::check(&url).map_err(invalid)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("an issuer has no query and no fragment: say where its keys are"));
    }
    let fetch = Box::new(Discovered::new(Http::new(&url)?, issuer.clone(), url));
    Ok(Keysource { issuers: vec![issuer], fetch, keys: None })
}

//! The file that names callers.

use domain::{caller::Requester, session::TenantId};
use serde::Deserialize;
use serde_json::error::Category;

use super::{Callers, Digest, Entry};
use crate::{Identity, Scope, Scopes, Validity, name};

/// What is wrong with a credentials file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is not the JSON that it has to be.
    #[error("{0}")]
    Json(String),
    /// One of its callers is not as it has to be.
    #[error("callers[{at}] ({name:?}): {problem}")]
    Caller {
        /// Which one, counted from 0.
        at: usize,
        /// What it is called.
        name: String,
        /// What to fix.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `callers`")]
struct File {
    callers: Vec<Caller>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `name` and `scopes`")]
struct Caller {
    name: String,
    #[serde(default = "default_tenant")]
    tenant: String,
    scopes: Vec<String>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    certificates: Vec<String>,
}

fn default_tenant() -> String {
    TenantId::only().as_str().to_owned()
}

pub(super) fn parse(text: &str) -> Result<Callers, Invalid> {
    let File { callers } = serde_json::from_str(text).map_err(|error| Invalid::Json(message(&error)))?;
    let mut all = Callers::default();
    for (at, caller) in callers.into_iter().enumerate() {
        let name = caller.name.clone();
        add(&mut all, caller).map_err(|problem| Invalid::Caller { at, name, problem })?;
    }
    Ok(all)
}

/// What is wrong with JSON, without anything of it that may be a key where none belongs.
fn message(error: &serde_json::Error) -> String {
    let (message, place) = (error.to_string(), format!("line {}, column {}", error.line(), error.column()));
    match error.classify() {
        Category::Syntax | Category::Eof => message,
        // It ends with what there should be; what there is stands in quotes before it.
        Category::Data | Category::Io => match message.rsplit_once(", expected ") {
            Some((_, expected)) => format!("not what there should be: expected {expected}"),
            None if message.starts_with("missing field") => message,
            None => format!("not what there should be at {place}"),
        },
    }
}

fn add(all: &mut Callers, caller: Caller) -> Result<(), String> {
    for (what, text) in [("name", &caller.name), ("tenant", &caller.tenant)] {
        if !name::is_fine(text) {
            return Err(format!(
                "{what} must be 1 to {} characters without control characters",
                name::MAX_CHARS
            ));
        }
    }
    let scopes = caller.scopes.iter().map(|name| {
        Scope::parse(name).ok_or_else(|| {
            format!(
                "{name:?} is no scope; there are {}, {} and {}",
                Scope::Read.as_str(),
                Scope::Write.as_str(),
                Scope::Delete.as_str()
            )
        })
    });
    let scopes = scopes.collect::<Result<Scopes, _>>()?;
    if caller.keys.is_empty() && caller.certificates.is_empty() {
        return Err("give it keys, certificates or both: without them nobody can be this caller".to_owned());
    }
    let identity = Identity {
        tenant: TenantId::from_stored(&caller.tenant),
        requester: Requester::from_stored(&caller.name),
        scopes,
        validity: Validity::default(),
    };
    for (at, key) in caller.keys.iter().enumerate() {
        let digest = Digest::parse(key).ok_or_else(|| {
            format!(
                "keys[{at}] must be a key's digest, sha256: and 64 hex digits, as `channel-sessions create-key` prints \
                 it; never the key itself"
            )
        })?;
        if all.by_key.insert(digest, Entry::new(identity.clone())).is_some() {
            return Err(format!("keys[{at}] is named twice"));
        }
    }
    for (at, name) in caller.certificates.into_iter().enumerate() {
        let text = name.strip_prefix("DNS:").or_else(|| name.strip_prefix("URI:"));
        if !text.is_some_and(|text| !text.is_empty() && !text.contains('*')) {
            return Err(format!(
                "certificates[{at}] must be one of a certificate's alternative names, whole and with its kind, as \
                 `openssl x509 -noout -ext subjectAltName` prints it: DNS:ivr.example.com or URI:spiffe://example.com/ivr"
            ));
        }
        if all.by_name.insert(name, Entry::new(identity.clone())).is_some() {
            return Err(format!("certificates[{at}] is named twice"));
        }
    }
    Ok(())
}

//! The headers that a request is made under. Whether what they say is right, the service finds out; but one that is there
//! and says nothing is refused here, since its caller counts on it.

mod conditions;
mod preference;

use axum::extract::FromRequestParts;
use domain::{Error, Reason, violation::Violation};
use http::{HeaderMap, HeaderValue, request::Parts};

use crate::{
    operation::{Describe, Operation},
    problem::Problem,
};

pub(crate) use conditions::{Change, Deletion, Known, LastEventId, Storing, Unconditional};
pub(crate) use preference::{Preference, View};

pub(crate) const IF_MATCH: &str = "If-Match";
pub(crate) const IF_NONE_MATCH: &str = "If-None-Match";
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
pub(crate) const LAST_EVENT_ID: &str = "Last-Event-ID";

/// What a request's head says, as its path takes it.
pub(crate) struct Headers<T>(pub(crate) T);

/// What is read of headers.
pub(crate) trait FromHeaders: Sized {
    /// The headers that have an effect.
    const NAMES: &'static [&'static str];

    fn read(headers: &HeaderMap) -> Result<Self, Problem>;
}

impl<S: Sync, T: FromHeaders> FromRequestParts<S> for Headers<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        T::read(&parts.headers).map(Self)
    }
}

impl<T: FromHeaders> Describe for Headers<T> {
    fn describe(operation: &mut Operation) {
        operation.headers.extend(T::NAMES);
        operation.reasons.push(Reason::InvalidParameter);
    }
}

/// A list of entity tags, its lines joined as one line would have them (RFC 9110, section 5.3).
fn tags(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, Problem> {
    let lines = headers.get_all(name).iter().map(|line| ascii(name, line));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    if lines.is_empty() {
        return Ok(None);
    }
    let tags = lines.join(", ");
    if tags.trim().is_empty() {
        return Err(refuse(name, "required", "must hold entity tags or *, or be left out"));
    }
    Ok(Some(tags.trim().to_owned()))
}

/// The key in quotes, as its standard has it (draft-ietf-httpapi-idempotency-key-header), or bare, as most callers do.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(refuse(IDEMPOTENCY_KEY, "once", "must be sent once"));
    }
    let text = ascii(IDEMPOTENCY_KEY, line)?.trim();
    let key = text.strip_prefix('"').map_or_else(|| Some(text.to_owned()), unquote);
    match key.filter(|key| !key.is_empty()) {
        Some(key) => Ok(Some(key)),
        None => {
            let description = "must be a string in double quotes, or text without them, and not empty";
            Err(refuse(IDEMPOTENCY_KEY, "request_id", description))
        }
    }
}

/// The rest of a string behind its opening quote (RFC 9651, section 3.3.3); none if it does not end as it should.
fn unquote(rest: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.as_str().is_empty().then_some(text),
            '\\' => text.push(chars.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            other => text.push(other),
        }
    }
}

fn ascii<'a>(name: &'static str, line: &'a HeaderValue) -> Result<&'a str, Problem> {
    line.to_str().map_err(|_| refuse(name, "ascii", "must hold visible ASCII characters only"))
}

pub(crate) fn refuse(name: &str, rule: &'static str, description: &str) -> Problem {
    Problem::from(&Error::InvalidParameter(Violation::new(name, rule, description)))
}

/// What `If-Match` says, for tests that hold its schema to that.
#[cfg(test)]
pub(crate) fn etag_of(headers: &HeaderMap) -> Option<String> {
    tags(headers, IF_MATCH).ok().flatten()
}

/// What `Idempotency-Key` says, for tests that hold its schema to that.
#[cfg(test)]
pub(crate) fn request_id_of(headers: &HeaderMap) -> Option<String> {
    idempotency_key(headers).ok().flatten()
}

#[cfg(test)]
mod tests;

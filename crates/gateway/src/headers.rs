//! The headers that a request is made under. Whether what they say is right, the service finds out; but one that is there
//! and says nothing is refused here, since its caller counts on it.

use domain::{Error, Reason, violation::Violation};
use http::{HeaderMap, HeaderValue};

use crate::problem::Problem;

pub(crate) const IF_MATCH: &str = "If-Match";
const IF_NONE_MATCH: &str = "If-None-Match";
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
pub(crate) const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The revision that a change of a session that is there requires: `If-Match`, or the member `etag` of the body.
/// `If-None-Match` is none that such a change could meet.
pub(crate) fn etag(headers: &HeaderMap, member: String) -> Result<String, Problem> {
    if headers.contains_key(IF_NONE_MATCH) {
        return Err(refuse(IF_NONE_MATCH, "not_here", "is not supported here: it is for storing a document"));
    }
    agreed((IF_MATCH, tags(headers, IF_MATCH)?), ("etag", member))
}

/// The revision that a document which is stored requires of the one that is there: `If-Match`.
pub(crate) fn etag_of_existing(headers: &HeaderMap) -> Result<String, Problem> {
    Ok(tags(headers, IF_MATCH)?.unwrap_or_default())
}

/// The caller's name for a change: `Idempotency-Key`, or the member `requestId` of the body.
pub(crate) fn request_id(headers: &HeaderMap, member: String) -> Result<String, Problem> {
    agreed((IDEMPOTENCY_KEY, idempotency_key(headers)?), ("requestId", member))
}

/// Refuses a name for a deletion, of which nothing is kept: repeated, it would erase what was stored in between.
pub(crate) fn refuse_request_id(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(IDEMPOTENCY_KEY) {
        let instead = "is not supported by a deletion: to erase what there is now and nothing that comes later, use If-Match";
        return Err(refuse(IDEMPOTENCY_KEY, "not_here", instead));
    }
    Ok(())
}

/// Whether a document is to be stored only where there is none: `If-None-Match: *`.
pub(crate) fn only_if_absent(headers: &HeaderMap) -> Result<bool, Problem> {
    match tags(headers, IF_NONE_MATCH)?.as_deref() {
        None => Ok(false),
        Some("*") => Ok(true),
        Some(_) => Err(refuse(IF_NONE_MATCH, "if_none_match", "must be * here, or be left out")),
    }
}

/// Whether the caller has this entity tag already: `If-None-Match`, compared weakly (RFC 9110, section 13.1.2).
pub(crate) fn has_already(headers: &HeaderMap, etag: &str) -> Result<bool, Problem> {
    let tags = tags(headers, IF_NONE_MATCH)?.unwrap_or_default();
    let mut tags = tags.split(',').map(str::trim);
    Ok(tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag))
}

/// The last event that a caller has seen, which browsers send by themselves. They leave it out rather than send it empty.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let id = headers.get(LAST_EVENT_ID).map(|line| ascii(LAST_EVENT_ID, line)).transpose()?;
    Ok(id.filter(|id| !id.is_empty()).map(str::to_owned))
}

/// Refuses what would be taken for a promise by whoever sends it to a path that does not honour it.
pub(crate) fn refuse_conditions(headers: &HeaderMap, instead: &str) -> Result<(), Problem> {
    for name in [IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY] {
        if headers.contains_key(name) {
            return Err(refuse(name, "not_here", &format!("is not supported here: {instead}")));
        }
    }
    Ok(())
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

/// What a header and a member of the body say of the same thing. The latter is empty where it is left out.
fn agreed(
    (name, header): (&str, Option<String>),
    (member_name, member): (&str, String),
) -> Result<String, Problem> {
    match header {
        Some(header) if !member.is_empty() && header != member => {
            let detail = format!(
                "the header {name} and the body's {member_name} differ: give one of them, or the same twice"
            );
            Err(Problem::new(Reason::MalformedBody, detail))
        }
        Some(header) => Ok(header),
        None => Ok(member),
    }
}

pub(crate) fn refuse(name: &str, rule: &'static str, description: &str) -> Problem {
    Problem::from(&Error::InvalidParameter(Violation::new(name, rule, description)))
}

#[cfg(test)]
mod tests;

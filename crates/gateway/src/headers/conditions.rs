//! What a request requires, by its headers, of the session that it is for; and what it is called.

use domain::Reason;
use http::HeaderMap;

use super::{
    FromHeaders, IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, LAST_EVENT_ID, ascii, idempotency_key, refuse,
    tags,
};
use crate::problem::Problem;

/// Of a change of a session that is there: the revision that it requires, and the caller's name for it. The body can say
/// the same by its `etag` and its `requestId`.
#[derive(Debug)]
pub(crate) struct Change {
    etag: Option<String>,
    request_id: Option<String>,
}

impl FromHeaders for Change {
    const NAMES: &'static [&'static str] = &[IF_MATCH, IDEMPOTENCY_KEY];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        refuse_if_none_match(headers)?;
        Ok(Self { etag: tags(headers, IF_MATCH)?, request_id: idempotency_key(headers)? })
    }
}

impl Change {
    /// `If-Match`, or the member of the body.
    pub(crate) fn etag(&mut self, member: String) -> Result<String, Problem> {
        agreed((IF_MATCH, self.etag.take()), ("etag", member))
    }

    /// `Idempotency-Key`, or the member of the body.
    pub(crate) fn request_id(&mut self, member: String) -> Result<String, Problem> {
        agreed((IDEMPOTENCY_KEY, self.request_id.take()), ("requestId", member))
    }
}

/// Of a document that is stored: whether only where there is none, or else the revision of the one that is there.
pub(crate) struct Storing {
    pub(crate) only_if_absent: bool,
    pub(crate) etag: String,
    pub(crate) request_id: String,
}

impl FromHeaders for Storing {
    const NAMES: &'static [&'static str] = &[IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let only_if_absent = match tags(headers, IF_NONE_MATCH)?.as_deref() {
            None => false,
            Some("*") => true,
            Some(_) => return Err(refuse(IF_NONE_MATCH, "if_none_match", "must be * here, or be left out")),
        };
        let etag = tags(headers, IF_MATCH)?.unwrap_or_default();
        Ok(Self { only_if_absent, etag, request_id: idempotency_key(headers)?.unwrap_or_default() })
    }
}

/// Of a deletion, which has no name: nothing is kept of it. Repeated, it would erase what was stored in between.
pub(crate) struct Deletion {
    pub(crate) etag: String,
}

impl FromHeaders for Deletion {
    const NAMES: &'static [&'static str] = &[IF_MATCH];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        if headers.contains_key(IDEMPOTENCY_KEY) {
            let instead = "is not supported by a deletion: to erase what there is now and nothing that comes later, use If-Match";
            return Err(refuse(IDEMPOTENCY_KEY, "not_here", instead));
        }
        refuse_if_none_match(headers)?;
        Ok(Self { etag: tags(headers, IF_MATCH)?.unwrap_or_default() })
    }
}

/// The entity tags that the caller of a read has already.
pub(crate) struct Known(String);

impl FromHeaders for Known {
    const NAMES: &'static [&'static str] = &[IF_NONE_MATCH];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self(tags(headers, IF_NONE_MATCH)?.unwrap_or_default()))
    }
}

impl Known {
    /// Whether this is one of them, compared weakly (RFC 9110, section 13.1.2).
    pub(crate) fn holds(&self, etag: &str) -> bool {
        let mut tags = self.0.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    }
}

/// None, of a batch: what would be taken for a promise by whoever sends it is refused.
pub(crate) struct Unconditional;

impl FromHeaders for Unconditional {
    const NAMES: &'static [&'static str] = &[];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let instead = "is not supported here: each of the requests has its own etag and requestId";
        let mut names = [IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY].into_iter();
        let misplaced = names.find(|name| headers.contains_key(*name));
        misplaced.map_or(Ok(Self), |name| Err(refuse(name, "not_here", instead)))
    }
}

/// The last event that a caller has seen, which browsers send by themselves. They leave it out rather than send it empty.
pub(crate) struct LastEventId(pub(crate) Option<String>);

impl FromHeaders for LastEventId {
    const NAMES: &'static [&'static str] = &[LAST_EVENT_ID];

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let id = headers.get(LAST_EVENT_ID).map(|line| ascii(LAST_EVENT_ID, line)).transpose()?;
        Ok(Self(id.filter(|id| !id.is_empty()).map(str::to_owned)))
    }
}

/// It is none that a change of what is there could meet.
fn refuse_if_none_match(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(IF_NONE_MATCH) {
        return Err(refuse(IF_NONE_MATCH, "not_here", "is not supported here: it is for storing a document"));
    }
    Ok(())
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

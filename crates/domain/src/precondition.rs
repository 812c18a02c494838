//! What a caller requires of a session before its command is made.

use crate::{
    attribute::{Attribute, Member, key_problem, within},
    error::Error,
    session::Revision,
    violation::Violation,
};
use json::{Object, Value};

/// Revisions of which the session must have one: what `If-Match` and `etag` say (RFC 9110, section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevisionMatch {
    /// `*`: the session has to exist, and no more.
    Any,
    /// One of these. None, where tags were given that no session ever has.
    OneOf(Vec<Revision>),
}

impl RevisionMatch {
    /// Takes `*`, or entity tags separated by commas. Weak tags, and tags that the service does not give, match
    /// nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for what is neither.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim_matches(BLANK) == "*" {
            return Ok(Self::Any);
        }
        let Some(tags) = entity_tags(text) else {
            let description = "must be an entity tag as replies give it, double quotes included, such as \"3\"; \
                               several, separated by commas; or *";
            return Err(Error::InvalidParameter(Violation::new("etag", "etag", description)));
        };
        let revision = |tag: &str| {
            let revision = Revision::new(tag.trim_matches('"').parse().ok()?);
            (revision.etag() == tag).then_some(revision)
        };
        Ok(Self::OneOf(tags.into_iter().filter_map(revision).collect()))
    }

    /// Whether a session with this revision meets it.
    #[must_use]
    pub fn allows(&self, revision: Revision) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }

    /// The canonical text.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Any => Value::String("*".into()),
            Self::OneOf(revisions) => {
                Value::Array(revisions.iter().map(|revision| Value::String(revision.etag().into())).collect())
            }
        }
    }
}

/// What may stand around the elements of a list in a header.
const BLANK: [char; 2] = [' ', '\t'];

/// The entity tags of a list, at least one. A tag may hold commas, and elements may be empty (RFC 9110, section 5.6.1).
fn entity_tags(list: &str) -> Option<Vec<&str>> {
    let mut tags = Vec::new();
    let mut rest = list.trim_matches(BLANK);
    while !rest.is_empty() {
        if !rest.starts_with(',') {
            let tag;
            (tag, rest) = entity_tag(rest)?;
            tags.push(tag);
        }
        rest = rest.trim_start_matches(BLANK);
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start_matches(BLANK);
        }
    }
    (!tags.is_empty()).then_some(tags)
}

/// The entity tag that a text starts with, and what is behind it.
fn entity_tag(text: &str) -> Option<(&str, &str)> {
    let opaque = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"')?;
    let (opaque, rest) = opaque.split_once('"')?;
    let is_tag = !opaque.chars().any(|char| char == ' ' || char.is_control());
    is_tag.then(|| (&text[..text.len() - rest.len()], rest))
}

/// What one attribute has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    /// The attribute's key.
    pub key: String,
    /// What is required of it.
    pub expected: Expected,
}

/// What is required of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// No entry has the key.
    Absent,
    /// There are entries with the key, and each has this value.
    Value(Value),
}

/// What a caller says of one attribute that it requires.
#[derive(Debug, Default)]
pub struct PreconditionDraft {
    /// The attribute's key.
    pub key: String,
    /// The value that is required.
    pub value: Member<Value>,
    /// Whether it has to be absent.
    pub absent: bool,
}

impl Precondition {
    /// How many a request may hold.
    pub const MAX: usize = 100;

    /// Holds a precondition to its rules; what breaks them is added to `violations`.
    pub(crate) fn check(
        at: usize,
        draft: PreconditionDraft,
        violations: &mut Vec<Violation>,
    ) -> Option<Self> {
        let field = |member: &str| format!("preconditions[{at}]{member}");
        let before = violations.len();
        if let Some((rule, description)) = key_problem(&draft.key) {
            violations.push(Violation::new(field(".key"), rule, description));
        }
        let expected = match (draft.value, draft.absent) {
            (Member::Given(value), false) => Some(Expected::Value(value)),
            (Member::Missing, true) => Some(Expected::Absent),
            (Member::Unreadable(problems), _) => {
                violations.extend(problems.into_iter().map(|problem| {
                    let description = problem.description + &within(&problem.path);
                    Violation::new(field(".value"), problem.rule, description)
                }));
                None
            }
            (Member::NotJson(cause), _) => {
                let description = format!("must be JSON: {cause}");
                violations.push(Violation::new(field(".value_json"), "json", description));
                None
            }
            (Member::Missing, false) | (Member::Given(_), true) => {
                let description = "must say either which value is expected or that the key is to be absent";
                violations.push(Violation::new(field(""), "one_of", description));
                None
            }
        };
        if violations.len() > before {
            for violation in &mut violations[before..] {
                violation.key = Some(draft.key.chars().take(Attribute::MAX_KEY_CHARS).collect());
            }
            return None;
        }
        Some(Self { key: draft.key, expected: expected? })
    }

    /// Holds a session's list of attributes to it.
    ///
    /// # Errors
    /// The entry that is not as required, or none where there is none.
    pub(crate) fn hold<'a>(&self, list: &'a [Value]) -> Result<(), Option<&'a Object>> {
        let entries = list.iter().filter_map(Value::as_object).filter(|entry| has_key(entry, &self.key));
        let mut entries = entries.peekable();
        let misfit = match &self.expected {
            Expected::Absent => entries.next(),
            Expected::Value(_) if entries.peek().is_none() => return Err(None),
            Expected::Value(expected) => entries.find(|entry| entry.get("value") != Some(expected)),
        };
        misfit.map_or(Ok(()), |entry| Err(Some(entry)))
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut object = Object::default();
        object.insert("key", Value::String(self.key.clone().into()));
        if let Expected::Value(value) = &self.expected {
            object.insert("value", value.clone());
        }
        Value::Object(object)
    }
}

/// Whether an entry has a key.
pub(crate) fn has_key(entry: &Object, key: &str) -> bool {
    entry.get("key").and_then(Value::as_str) == Some(key)
}

#[cfg(test)]
mod tests;

//! A channel session: its id, its revision, its document.

use std::fmt;

use crate::{
    error::Error,
    json::{self, Path, Value},
    violation::Violation,
};

/// A session's id: opaque, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Box<str>);

impl Id {
    /// The longest id, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Takes an id from a request.
    ///
    /// # Errors
    /// [`Error::IdRequired`] if it is empty, [`Error::InvalidId`] if it is longer than [`Self::MAX_CHARS`], holds a
    /// control character, or is `.` or `..`, which HTTP clients drop from paths.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |rule, description: &str| {
            Err(Error::InvalidId(Violation::new("channelSessionId", rule, description)))
        };
        match text {
            "" => Err(Error::IdRequired),
            "." | ".." => invalid("not_dots", "a channel session id must be neither \".\" nor \"..\""),
            _ if text.chars().any(char::is_control) => {
                invalid("no_control_characters", "a channel session id must not hold control characters")
            }
            _ if text.chars().nth(Self::MAX_CHARS).is_some() => {
                invalid("length", "a channel session id must have 1 to 255 characters")
            }
            _ => Ok(Self(text.into())),
        }
    }

    /// The id as callers know it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    /// For messages, which travel in headers: a long id is cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_SHOWN_CHARS: usize = 64;
        match self.0.char_indices().nth(MAX_SHOWN_CHARS) {
            None => f.write_str(&self.0),
            Some((end, _)) => write!(f, "{}…", &self.0[..end]),
        }
    }
}

/// Who a session belongs to. Until callers are authenticated there is one tenant, the default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(Box<str>);

impl TenantId {
    /// Takes a tenant's name from a store.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        Self(name.into())
    }

    /// The tenant's name, as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self("default".into())
    }
}

/// How often a session has been stored: 1 at first, one more for each change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(i64);

impl Revision {
    /// Before a session was ever stored.
    pub const NONE: Self = Self(0);
    /// What a new session begins with.
    pub const FIRST: Self = Self(1);

    /// Takes a revision from a store, which counts from 1.
    #[must_use]
    pub fn new(stored: i64) -> Self {
        Self(stored)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// What the next change makes of it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The entity tag, double quotes included (RFC 9110, section 8.8.3).
    #[must_use]
    pub fn etag(self) -> String {
        format!("\"{}\"", self.0)
    }
}

/// A session as a store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Id,
    /// Its revision.
    pub revision: Revision,
    /// Its document as JSON text, as the store gives it; white space and member order mean nothing.
    pub document: String,
}

/// A document that may be stored: an object within the limits on depth, numbers, characters and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    value: Value,
    text: String,
}

impl Document {
    /// The largest document, in bytes of JSON text without white space.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;
    /// The longest text that a document may be sent as, in bytes, with white space and escapes.
    pub const MAX_TEXT_BYTES: usize = 2 * Self::MAX_BYTES;
    /// How many arrays and objects may be within each other.
    pub const MAX_DEPTH: usize = 64;

    /// Takes a document's JSON text.
    ///
    /// # Errors
    /// [`Error::RequestTooLarge`] if the text is, [`Error::MalformedBody`] if it is not JSON,
    /// [`Error::InvalidDocument`] with all that breaks a rule, [`Error::DocumentTooLarge`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > Self::MAX_TEXT_BYTES {
            let (found, limit) = (text.len(), Self::MAX_TEXT_BYTES);
            return Err(Error::RequestTooLarge { what: "size in bytes", found, limit });
        }
        let raw = json::syntax(text)
            .map_err(|error| Error::MalformedBody(format!("the document is not JSON: {error}")))?;
        let value = json::parse(raw, Self::MAX_DEPTH, &Path::root("")).map_err(|problems| {
            Error::InvalidDocument(problems.into_iter().map(Violation::from).collect())
        })?;
        Self::try_from(value)
    }

    /// The id to store it under: the one that is asked for, or the document's own.
    ///
    /// # Errors
    /// [`Error::InvalidId`]; [`Error::InvalidDocument`] if both are there and differ, if neither is, or if the
    /// document's `id` is no string.
    pub fn id(&self, requested: &str) -> Result<Id, Error> {
        let requested = if requested.is_empty() { None } else { Some(Id::parse(requested)?) };
        let invalid =
            |rule, description| Err(Error::InvalidDocument(vec![Violation::new("id", rule, description)]));
        match (requested, self.member("id")) {
            (Some(id), None) => Ok(id),
            (Some(id), Some(Value::String(own))) if own == id.as_str() => Ok(id),
            (Some(_), Some(_)) => invalid("same_id", "must be the id that the request names, or be left out"),
            (None, Some(Value::String(own))) => Id::parse(own),
            (None, Some(_)) => invalid("type", "must be a string"),
            (None, None) => invalid("required", "must be given: the id to store the session under"),
        }
    }

    /// The canonical JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// The value and its canonical text.
    #[must_use]
    pub fn into_parts(self) -> (Value, String) {
        (self.value, self.text)
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.value.as_object()?.get(name)
    }
}

impl TryFrom<Value> for Document {
    type Error = Error;

    /// Takes a value that was built of parts which are within their limits.
    fn try_from(value: Value) -> Result<Self, Error> {
        if value.as_object().is_none() {
            let description = format!("must be an object; this is {}", value.kind());
            return Err(Error::InvalidDocument(vec![Violation::new("document", "type", description)]));
        }
        let text = value.to_text();
        let (found, limit) = (text.len(), Self::MAX_BYTES);
        if found > limit { Err(Error::DocumentTooLarge { found, limit }) } else { Ok(Self { value, text }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_opaque() {
        for id in ["64e2f08a6155b317cd3f88fd", "GQLAJRxeLTC7rVOhclj79Q..", "a/b%2F c", "…", "💬", " ", "..."]
        {
            assert_eq!(Id::parse(id).expect(id).as_str(), id);
        }
        assert!(Id::parse(&"💬".repeat(255)).is_ok());
    }

    #[test]
    fn ids_that_break_the_rule_are_refused() {
        assert!(matches!(Id::parse(""), Err(Error::IdRequired)));
        for id in [".", "..", "a\nb", "\0", "\u{85}", &"x".repeat(256)] {
            assert!(matches!(Id::parse(id), Err(Error::InvalidId(_))), "{id:?}");
        }
    }

    #[test]
    fn a_document_is_measured_without_white_space() {
        let filler = |size: usize| format!(r#"{{ "id" :  "{}" }}"#, "x".repeat(size - r#"{"id":""}"#.len()));
        assert!(Document::parse(&filler(Document::MAX_BYTES)).is_ok());
        assert!(matches!(
            Document::parse(&filler(Document::MAX_BYTES + 1)),
            Err(Error::DocumentTooLarge { found, .. }) if found == Document::MAX_BYTES + 1
        ));
    }

    #[test]
    fn the_id_comes_from_the_request_or_the_document_and_never_from_both_differently() {
        let with = Document::parse(r#"{"id":"a"}"#).expect("a document");
        let without = Document::parse("{}").expect("a document");
        let number = Document::parse(r#"{"id":5}"#).expect("a document");
        assert_eq!(with.id("").expect("its own").as_str(), "a");
        assert_eq!(with.id("a").expect("the same").as_str(), "a");
        assert_eq!(without.id("b").expect("the request's").as_str(), "b");
        for refused in [with.id("b"), without.id(""), number.id(""), number.id("5")] {
            assert!(matches!(refused, Err(Error::InvalidDocument(_))), "{refused:?}");
        }
    }
}

//! A session's document: its canonical text, and what the service reads of it.
//!
//! Of a stored document nothing is taken apart but what the service looks at, and an update puts nothing but the new list
//! of attributes into its text: documents are other systems', and most of each is only passed on.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::{
    error::{Error, Malformed},
    session::{Id, IndexedFields, InvalidId},
    violation::Violation,
};
use json::{Path, Tree, Value};

/// A document that is stored or may be: an object within the limits on depth, numbers, characters and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    text: String,
    indexed_fields: IndexedFields,
    attributes: List,
}

/// `channelData.additionalAttributes`, the list that the service owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum List {
    /// Its entries, and where in the text it stands.
    There { entries: Vec<Value>, span: Range<usize> },
    /// It, or what holds it, is absent or null.
    Absent,
    /// It, or what holds it, has another shape.
    Malformed(Malformed),
}

impl Document {
    /// The largest document, in bytes of JSON text without white space.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;
    /// The longest text that a document may be sent as, in bytes, with white space and escapes.
    pub const MAX_TEXT_BYTES: usize = 2 * Self::MAX_BYTES;
    /// How many arrays and objects may be within each other.
    pub const MAX_DEPTH: usize = 64;

    /// Takes a document's JSON text from a caller.
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
        let value = json::parse_within(raw.get(), Self::MAX_DEPTH, Self::MAX_BYTES, &Path::root(""));
        let value = value.map_err(|refused| match refused {
            json::Refused::Problems(problems) => {
                Error::InvalidDocument(problems.into_iter().map(Violation::from).collect())
            }
            json::Refused::TooLong(found) => Error::DocumentTooLarge { found, limit: Self::MAX_BYTES },
        })?;
        Self::try_from(value)
    }

    /// Takes a document's canonical text from a store.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is not one that the service stored, as far as that is looked at.
    pub fn stored(text: String) -> Result<Self, Error> {
        let broken = |what: String| Error::Internal(format!("a stored document {what}").into());
        let [is_active, active, conversation_id, topic_id, customer, channel, channel_data] = json::pick(
            &text,
            ["isActive", "active", "conversationId", "topicId", "customer", "channel", "channelData"],
        )
        .map_err(|error| broken(format!("is no JSON object: {error}")))?;
        let indexed_fields = IndexedFields {
            conversation_id: text_of(conversation_id.filter(is_something).or(topic_id)),
            customer_id: text_of(member(customer, "_id")),
            channel_type: text_of(member(member(channel, "channelType"), "name")),
            active: is_active.or(active).map(RawValue::get) != Some("false"),
        };
        let attributes = match channel_data.filter(is_something) {
            None => List::Absent,
            Some(channel_data) if !channel_data.get().starts_with('{') => {
                List::Malformed(Malformed::ChannelData)
            }
            Some(channel_data) => {
                match member(Some(channel_data), "additionalAttributes").filter(is_something) {
                    None => List::Absent,
                    Some(list) if !list.get().starts_with('[') => {
                        List::Malformed(Malformed::AdditionalAttributes)
                    }
                    Some(list) => {
                        let entries =
                            entries(list).map_err(|what| broken(format!("breaks the rules: {what}")))?;
                        // Both are parts of one text.
                        let start = list.get().as_ptr().addr() - text.as_ptr().addr();
                        List::There { entries, span: start..start + list.get().len() }
                    }
                }
            }
        };
        Ok(Self { text, indexed_fields, attributes })
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
        let own = json::pick(&self.text, ["id"]).ok().and_then(|[own]| own);
        let own = own.map(|own| serde_json::from_str::<String>(own.get()).ok());
        match (requested, own) {
            (Some(id), None) => Ok(id),
            (Some(id), Some(Some(own))) if own == id.as_str() => Ok(id),
            (Some(_), Some(_)) => invalid("same_id", "must be the id that the request names, or be left out"),
            (None, Some(Some(own))) => Id::parse(&own).map_err(|invalid| match invalid {
                InvalidId::Missing => Error::IdRequired,
                InvalidId::Broken(it) => Error::InvalidId(Violation { field: "id".to_owned(), ..it }),
            }),
            (None, Some(None)) => invalid("type", "must be a string"),
            (None, None) => invalid("required", "must be given: the id to store the session under"),
        }
    }

    /// The canonical JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The canonical JSON text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// What it consists of, for [`Self::of_parts`].
    pub(crate) fn into_parts(self) -> (String, IndexedFields, List) {
        (self.text, self.indexed_fields, self.attributes)
    }

    /// Puts a document together again.
    pub(crate) fn of_parts(text: String, indexed_fields: IndexedFields, attributes: List) -> Self {
        Self { text, indexed_fields, attributes }
    }

    /// How many bytes it takes in memory beyond its own.
    pub(crate) fn heap_bytes(&self) -> usize {
        let IndexedFields { conversation_id, customer_id, channel_type, active: _ } = &self.indexed_fields;
        let fields = [conversation_id, customer_id, channel_type].into_iter().flatten().map(String::capacity);
        let entries = match &self.attributes {
            List::There { entries, .. } => {
                entries.capacity() * size_of::<Value>() + entries.iter().map(Value::heap_bytes).sum::<usize>()
            }
            List::Absent | List::Malformed(_) => 0,
        };
        self.text.capacity() + fields.sum::<usize>() + entries
    }

    /// By what the session is found.
    #[must_use]
    pub fn indexed_fields(&self) -> &IndexedFields {
        &self.indexed_fields
    }

    /// Whether the session is active: unless its `isActive`, or `active` where that is absent, is false.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.indexed_fields.active
    }

    /// The entries of the list of attributes. There are none where it, or what holds it, is absent or null.
    ///
    /// # Errors
    /// What of the two has another shape.
    pub fn attributes(&self) -> Result<&[Value], Malformed> {
        match &self.attributes {
            List::There { entries, .. } => Ok(entries),
            List::Absent => Ok(&[]),
            List::Malformed(malformed) => Err(*malformed),
        }
    }

    /// The document with other entries in its list of attributes, which is made where there is none.
    ///
    /// # Errors
    /// [`Error::DocumentTooLarge`].
    pub(crate) fn with_attributes(&self, entries: Vec<Value>) -> Result<Self, Error> {
        match self.replace_list(entries) {
            Ok(document) => {
                within_limit(&document.text)?;
                Ok(document)
            }
            Err(entries) => Self::try_from(with_list(self.value()?, entries)),
        }
    }

    /// Whether there is a list of attributes, be it empty.
    pub(crate) fn has_list(&self) -> bool {
        matches!(self.attributes, List::There { .. })
    }

    /// The document with other entries in its list of attributes, whatever its size comes to.
    ///
    /// # Errors
    /// The entries, where there is no list.
    pub(crate) fn replace_list(&self, entries: Vec<Value>) -> Result<Self, Vec<Value>> {
        let (List::There { span, .. }, Some(text)) = (&self.attributes, self.text_with(&entries)) else {
            return Err(entries);
        };
        let end = span.end + text.len() - self.text.len();
        let attributes = List::There { entries, span: span.start..end };
        Ok(Self { text, indexed_fields: self.indexed_fields.clone(), attributes })
    }

    /// Its text with other entries in the list of attributes; none where there is no list.
    pub(crate) fn text_with(&self, entries: &[Value]) -> Option<String> {
        let List::There { span, .. } = &self.attributes else { return None };
        // Room for values that are a little longer than those that they replace.
        let mut text = String::with_capacity(self.text.len() + 256);
        text.push_str(&self.text[..span.start]);
        json::write_array(entries, &mut text);
        text.push_str(&self.text[span.end..]);
        Some(text)
    }

    /// The whole of it.
    pub(crate) fn value(&self) -> Result<Value, Error> {
        json::parse(&self.text, Self::MAX_DEPTH, &Path::root(""))
            .map(Tree::into_owned)
            .map_err(|problems| Error::Internal(format!("a document breaks the rules: {problems:?}").into()))
    }
}

impl TryFrom<Tree<'_>> for Document {
    type Error = Error;

    /// Takes a value that was built of parts which are within their limits.
    fn try_from(value: Tree<'_>) -> Result<Self, Error> {
        if value.as_object().is_none() {
            let description = format!("must be an object; this is {}", value.kind());
            return Err(Error::InvalidDocument(vec![Violation::new("document", "type", description)]));
        }
        let text = value.to_text();
        within_limit(&text)?;
        Self::stored(text)
    }
}

fn within_limit(text: &str) -> Result<(), Error> {
    let (found, limit) = (text.len(), Document::MAX_BYTES);
    if found > limit { Err(Error::DocumentTooLarge { found, limit }) } else { Ok(()) }
}

fn with_list(document: Value, entries: Vec<Value>) -> Value {
    let Value::Object(mut document) = document else { return document };
    let channel_data = document.get("channelData").and_then(Value::as_object);
    let mut channel_data = channel_data.cloned().unwrap_or_default();
    channel_data.insert("additionalAttributes", Value::Array(entries));
    document.insert("channelData", Value::Object(channel_data));
    Value::Object(document)
}

fn entries(list: &RawValue) -> Result<Vec<Value>, String> {
    // The list is within two objects.
    let value = json::parse(list.get(), Document::MAX_DEPTH - 2, &Path::root("additionalAttributes"))
        .map_err(|problems| format!("{problems:?}"))?;
    if let Value::Array(entries) = value.into_owned() { Ok(entries) } else { Ok(Vec::new()) }
}

fn member<'a>(object: Option<&'a RawValue>, name: &str) -> Option<&'a RawValue> {
    json::pick(object?.get(), [name]).ok().and_then(|[member]| member)
}

/// Null counts as absent.
fn is_something(value: &&RawValue) -> bool {
    value.get() != "null"
}

/// What can be found by: a text that is not too long.
fn text_of(value: Option<&RawValue>) -> Option<String> {
    let text: String = serde_json::from_str(value?.get()).ok()?;
    text.chars().nth(IndexedFields::MAX_CHARS).is_none().then_some(text)
}

/// A document as a test writes it.
#[cfg(test)]
pub(crate) fn document(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

#[cfg(test)]
mod tests;

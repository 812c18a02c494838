//! JSON that stays exact: a value keeps every number as the text that it was written with.
//!
//! `serde_json::Value` is not used for documents: without `arbitrary_precision` it rounds numbers, and with it an
//! object that has a certain private member name turns into a number.

use std::borrow::Cow;

mod compact;
mod number;
mod parse;
mod path;
mod raw;
mod write;

pub use compact::compact;
pub use number::Number;
pub use parse::{Problem, Refused, parse, parse_within};
pub use path::{Path, Step};
pub use raw::{Member, members, pick, syntax};
pub(crate) use write::write_array;

/// A JSON value that owns all of its texts.
pub type Value = Tree<'static>;

/// The members of an object that own all of their texts.
pub type Object = Members<'static>;

/// A JSON value, whose texts may be parts of the text that it was read from. Two are equal if their canonical texts are:
/// member order does not count, a number's scale does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as text.
    Number(Number),
    /// A string without U+0000.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Tree<'a>>),
    /// An object.
    Object(Members<'a>),
}

impl<'a> Tree<'a> {
    /// What the value is, as a noun with its article, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// How many arrays and objects are within each other at the deepest place; 0 for a scalar.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(object) => 1 + object.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => 0,
        }
    }

    /// The members, if this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Members<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The same with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(bool),
            Self::Number(number) => Value::Number(number),
            Self::String(text) => Value::String(text.into_owned().into()),
            Self::Array(items) => Value::Array(items.into_iter().map(Self::into_owned).collect()),
            Self::Object(Members(members)) => {
                let own =
                    |(name, value): (Cow<'_, str>, Self)| (name.into_owned().into(), value.into_owned());
                Value::Object(Members(members.into_iter().map(own).collect()))
            }
        }
    }
}

/// The members of an object, each name once.
///
/// They are kept in the order that PostgreSQL gives the members of a JSONB object, by length and then by bytes, so
/// that both stores return a document's members alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, Tree<'a>)>);

impl<'a> Members<'a> {
    /// The member with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tree<'a>> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// The member with this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Tree<'a>> {
        self.find(name).ok().map(|at| &mut self.0[at].1)
    }

    /// Adds a member, or replaces the one that has this name.
    pub fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: Tree<'a>) {
        let name = name.into();
        match self.find(&name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tree<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| order(other, name))
    }
}

impl<'a, N: Into<Cow<'a, str>>> FromIterator<(N, Tree<'a>)> for Members<'a> {
    /// Where a name comes twice, the last one counts.
    fn from_iter<I: IntoIterator<Item = (N, Tree<'a>)>>(members: I) -> Self {
        let mut members: Vec<_> = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
        if members.is_sorted_by(|(a, _), (b, _)| order(a, b).is_lt()) {
            // As stored documents are.
            return Self(members);
        }
        // The sort is stable; reversed, the last of equal names comes first, which is the one that dedup keeps.
        members.reverse();
        members.sort_by(|(a, _), (b, _)| order(a, b));
        members.dedup_by(|(later, _), (kept, _)| later == kept);
        Self(members)
    }
}

fn order(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// A value as a test writes it.
#[cfg(test)]
pub(crate) fn literal(text: &str) -> Value {
    let raw = syntax(text).unwrap_or_else(|error| panic!("{text} is not JSON: {error}"));
    parse(raw.get(), usize::MAX, &Path::root(""))
        .unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
        .into_owned()
}

#[cfg(test)]
pub(crate) mod tests;

//! A JSON value.

use std::{borrow::Cow, mem, str::FromStr, sync::Arc};

use super::{Members, Number, Path, Problem, parse, syntax};

/// A JSON value that owns all of its texts.
pub type Value = Tree<'static>;

/// A JSON value, whose texts may be parts of the text that it was read from. Two are equal if their canonical texts are:
/// member order does not count, a number's scale does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tree<'a> {
    /// `null`
    #[default]
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

    /// How many bytes it takes in memory beyond its own, what it shares with others included.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let own = |text: &Cow<'_, str>| if let Cow::Owned(text) = text { text.capacity() } else { 0 };
        match self {
            Self::Null | Self::Bool(_) => 0,
            Self::Number(number) => number.as_str().len(),
            Self::String(text) => own(text),
            Self::Array(items) => {
                items.capacity() * size_of::<Self>() + items.iter().map(Self::heap_bytes).sum::<usize>()
            }
            Self::Object(Members(members)) => {
                let member = |(name, value): &(Cow<'_, str>, Self)| own(name) + value.heap_bytes();
                size_of_val(&**members) + members.iter().map(member).sum::<usize>()
            }
        }
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
            Self::Object(Members(mut members)) => {
                let own =
                    |(name, value): (Cow<'_, str>, Self)| (name.into_owned().into(), value.into_owned());
                // Those that nobody else has are taken out of it.
                let members = match Arc::get_mut(&mut members) {
                    Some(members) => members.iter_mut().map(|member| own(mem::take(member))).collect(),
                    None => members.iter().cloned().map(own).collect(),
                };
                Value::Object(Members(members))
            }
        }
    }
}

/// How deep a text is that [`Value::from_str`] reads.
const MAX_DEPTH: usize = 100;

impl FromStr for Value {
    type Err = Vec<Problem>;

    /// Reads a text of at most a hundred arrays and objects within each other.
    fn from_str(text: &str) -> Result<Self, Vec<Problem>> {
        let root = Path::root("");
        let raw = syntax(text).map_err(|error| {
            vec![Problem { path: root.to_string(), rule: "json", description: error.to_string() }]
        })?;
        parse(raw.get(), MAX_DEPTH, &root).map(Tree::into_owned)
    }
}

//! Attributes: what a request attaches to a session, and the rules that it is held to.

mod check;
mod read;

pub(crate) use check::within;
pub use check::{Draft, Member, key_problem};
pub use read::{drafts, value};

use crate::{
    error::Error,
    value_type::{ValueRules, ValueType},
    violation::Violation,
};
use json::{Object, Value};

/// One attribute that is within its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its key: 1 to 255 characters, not blank, no control characters.
    pub key: String,
    /// Its value's type.
    pub value_type: ValueType,
    /// Its value: any JSON within the limits, and within its type's rule unless the deployment is lenient.
    pub value: Value,
}

impl Attribute {
    /// The longest key, in characters.
    pub const MAX_KEY_CHARS: usize = 255;
    /// The largest value, in bytes of JSON text without white space.
    pub const MAX_VALUE_BYTES: usize = 64 * 1024;
    /// How many arrays and objects of a value may be within each other.
    pub const MAX_VALUE_DEPTH: usize = 32;

    /// The entry that it becomes where there is none of its key.
    #[must_use]
    pub fn to_entry(&self) -> Object {
        self.members().into_iter().collect()
    }

    /// Gives an entry the attribute's key, type and value; its other members stay.
    pub fn write_into(&self, entry: &mut Object) {
        for (name, value) in self.members() {
            entry.insert(name, value);
        }
    }

    fn members(&self) -> [(&'static str, Value); 3] {
        [
            ("key", Value::String(self.key.clone().into())),
            ("type", Value::String(self.value_type.name().into())),
            ("value", self.value.clone()),
        ]
    }
}

/// What a request attaches: each key once, where it first came, with its last type and value.
///
/// That is what taking a request's attributes one by one comes to, since the second of a key finds the first one's
/// entry in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes(Vec<Attribute>);

impl Attributes {
    /// How many attributes a request may hold, repeated keys counted.
    pub const MAX: usize = 100;
    /// The largest request, in bytes.
    pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;

    /// Takes a list as JSON text, as REST callers send it.
    ///
    /// # Errors
    /// [`Error::MalformedBody`] if it is not JSON or not a list of objects; [`Error::RequestTooLarge`] if it holds more
    /// than [`Self::MAX`], [`Error::InvalidAttributes`] with every violation of every attribute.
    pub fn parse(text: &str, rules: ValueRules) -> Result<Self, Error> {
        let mut violations = Vec::new();
        let attributes = Self::collect(drafts(text)?, rules, &mut violations);
        if violations.is_empty() { Ok(attributes) } else { Err(Error::InvalidAttributes(violations)) }
    }

    /// Holds attributes to their rules. What breaks them is left out, and added to `violations`.
    pub(crate) fn collect(drafts: Vec<Draft>, rules: ValueRules, violations: &mut Vec<Violation>) -> Self {
        let drafts = drafts.into_iter().enumerate();
        drafts.filter_map(|(at, draft)| check::check(at, draft, rules, violations)).collect()
    }

    /// The attributes in order.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries that the attributes become, as a JSON array.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Array(self.iter().map(Attribute::to_entry).map(Value::Object).collect())
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        let mut distinct: Vec<Attribute> = Vec::new();
        for attribute in attributes {
            match distinct.iter_mut().find(|other| other.key == attribute.key) {
                Some(earlier) => *earlier = attribute,
                None => distinct.push(attribute),
            }
        }
        Self(distinct)
    }
}

#[cfg(test)]
mod tests;

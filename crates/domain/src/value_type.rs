//! The value types: their names, which are the field's own, and what fits each.

mod rule;

use json::{Path, Step, Value};

/// What kind of value an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described by its rule")]
pub enum ValueType {
    Alphanum100,
    AlphanumSpecial200,
    String50,
    String100,
    String2000,
    Number,
    PositiveNumber,
    PhoneNumber,
    Boolean,
    Email,
    Ip,
    Url,
    Password,
    StringList,
    WebChannelData,
}

/// Whether values are held to the rules of their types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValueRules {
    /// Values have to fit their types.
    #[default]
    Strict,
    /// Any value goes, for old callers; the type still has to be one of these.
    Lenient,
}

/// A value that does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where in the value; empty for the value as a whole.
    pub path: String,
    /// What would be right, as the end of a sentence that starts with the path.
    pub description: String,
}

impl ValueType {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Alphanum100,
        Self::AlphanumSpecial200,
        Self::String50,
        Self::String100,
        Self::String2000,
        Self::Number,
        Self::PositiveNumber,
        Self::PhoneNumber,
        Self::Boolean,
        Self::Email,
        Self::Ip,
        Self::Url,
        Self::Password,
        Self::StringList,
        Self::WebChannelData,
    ];

    /// The type with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value_type| value_type.name() == name)
    }

    /// The name, the same in gRPC, REST and the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Alphanum100 => "Alphanum100",
            Self::AlphanumSpecial200 => "AlphanumSpecial200",
            Self::String50 => "String50",
            Self::String100 => "String100",
            Self::String2000 => "String2000",
            Self::Number => "Number",
            Self::PositiveNumber => "PositiveNumber",
            Self::PhoneNumber => "PhoneNumber",
            Self::Boolean => "Boolean",
            Self::Email => "Email",
            Self::Ip => "IP",
            Self::Url => "URL",
            Self::Password => "Password",
            Self::StringList => "StringList",
            Self::WebChannelData => "WebChannelData",
        }
    }

    /// Holds a value to the type's rule: as a whole for the two types that ask for a shape; for the others each
    /// string, number and boolean inside it, member names aside. `null` fits everywhere.
    ///
    /// # Errors
    /// The first misfit.
    pub fn check(self, value: &Value) -> Result<(), Misfit> {
        match (self, value) {
            (_, Value::Null) | (Self::WebChannelData, Value::Object(_)) => Ok(()),
            (Self::WebChannelData, other) => whole(format!("must be an object; this is {}", other.kind())),
            (Self::StringList, Value::Array(items)) => {
                match items.iter().enumerate().find(|(_, item)| item.as_str().is_none()) {
                    None => Ok(()),
                    Some((at, item)) => Err(Misfit {
                        path: format!("[{at}]"),
                        description: format!("must be a string; this is {}", item.kind()),
                    }),
                }
            }
            (Self::StringList, other) => {
                whole(format!("must be an array of strings; this is {}", other.kind()))
            }
            (_, value) => self.check_inside(value, &Path::root("")),
        }
    }

    fn check_inside(self, value: &Value, path: &Path<'_>) -> Result<(), Misfit> {
        match value {
            Value::Null => Ok(()),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(at, item)| self.check_inside(item, &path.then(Step::Index(at)))),
            Value::Object(object) => object
                .iter()
                .try_for_each(|(name, value)| self.check_inside(value, &path.then(Step::Name(name)))),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                rule::check(self, value).map_err(|description| Misfit { path: path.to_string(), description })
            }
        }
    }
}

fn whole(description: String) -> Result<(), Misfit> {
    Err(Misfit { path: String::new(), description })
}

#[cfg(test)]
mod tests;

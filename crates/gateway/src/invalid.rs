//! A value that is not of its type.

use std::fmt;

use serde::de;

/// What serde is given of it.
#[derive(Debug)]
pub(crate) struct Invalid {
    /// Which member or parameter, in its caller's words.
    pub(crate) field: String,
    /// The rule that it breaks.
    pub(crate) rule: &'static str,
    /// What would be right.
    pub(crate) description: String,
}

impl de::Error for Invalid {
    fn custom<T: fmt::Display>(description: T) -> Self {
        Self { field: String::new(), rule: "type", description: description.to_string() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.description)
    }
}

impl std::error::Error for Invalid {}

//! Where in a JSON value something is.

use std::fmt;

/// A place in a value, as a list that lives on the stack of whoever walks the value.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

/// One step down.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// The value itself, under the name that messages give it; may be empty.
    Root(&'a str),
    /// A member of an object.
    Name(&'a str),
    /// An item of an array.
    Index(usize),
}

impl<'a> Path<'a> {
    /// The place to start from.
    #[must_use]
    pub fn root(name: &'a str) -> Self {
        Self { parent: None, step: Step::Root(name) }
    }

    /// The place one step below this one.
    #[must_use]
    pub fn then(&'a self, step: Step<'a>) -> Self {
        Self { parent: Some(self), step }
    }
}

/// Names are cut at this many characters, since they are the caller's and a path goes into messages.
const MAX_NAME_CHARS: usize = 64;

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Name(name) => {
                let is_first = self.parent.is_none_or(|parent| matches!(parent.step, Step::Root("")));
                if !is_first {
                    f.write_str(".")?;
                }
                for char in name.chars().take(MAX_NAME_CHARS) {
                    write!(f, "{}", if char.is_control() { char::REPLACEMENT_CHARACTER } else { char })?;
                }
                if name.chars().nth(MAX_NAME_CHARS).is_some() { f.write_str("…") } else { Ok(()) }
            }
        }
    }
}

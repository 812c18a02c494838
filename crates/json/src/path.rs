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

/// As much of a path as is shown, in characters: it is made of the caller's names and goes into headers.
const MAX_SHOWN_CHARS: usize = 128;

impl fmt::Display for Path<'_> {
    /// A path that is too long is cut in the middle: where it starts and where it ends says the most.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut whole = String::new();
        self.write(&mut whole);
        let chars = whole.chars().count();
        if chars <= MAX_SHOWN_CHARS {
            return f.write_str(&whole);
        }
        let half = MAX_SHOWN_CHARS / 2;
        let (start, end): (String, String) =
            (whole.chars().take(half).collect(), whole.chars().skip(chars - half).collect());
        write!(f, "{start}…{end}")
    }
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.step {
            Step::Root(name) => out.push_str(name),
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Name(name) => {
                if self.parent.is_some_and(|parent| !matches!(parent.step, Step::Root(""))) {
                    out.push('.');
                }
                out.extend(
                    name.chars().map(
                        |char| {
                            if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }
                        },
                    ),
                );
            }
        }
    }
}

//! What the service refuses in JSON, and the words for it.

use super::{Number, Path};

/// Something valid as JSON that the service does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub path: String,
    /// The rule that it breaks.
    pub rule: &'static str,
    /// What would be right, as the end of a sentence that starts with the place.
    pub description: String,
}

pub(super) fn nul(path: &Path<'_>, what: &str) -> Problem {
    let description = format!("must not hold the character U+0000, as {what} here does");
    Problem { path: path.to_string(), rule: "no_nul", description }
}

pub(super) fn surrogate(path: &Path<'_>, what: &str) -> Problem {
    let description = format!("must be valid Unicode; {what} here holds a lone surrogate");
    Problem { path: path.to_string(), rule: "unicode", description }
}

pub(super) fn number_too_long(path: &Path<'_>) -> Problem {
    let description =
        format!("must take at most {} characters when written out without exponent", Number::MAX_CHARS);
    Problem { path: path.to_string(), rule: "number_length", description }
}

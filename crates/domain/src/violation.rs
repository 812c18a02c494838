//! What is wrong with one part of a request.

use json::Problem;

/// One broken rule, with all that a caller needs to fix it. Never quotes a value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which part of the request, such as `attributes[1].value`.
    pub field: String,
    /// The key of the attribute that is meant, where there is one.
    pub key: Option<String>,
    /// The rule: a value type's name, or another rule's, such as `required`.
    pub rule: &'static str,
    /// A sentence that says what would be right.
    pub description: String,
}

impl Violation {
    /// A violation that is not about an attribute.
    #[must_use]
    pub fn new(field: impl ToString, rule: &'static str, description: impl Into<String>) -> Self {
        Self { field: field.to_string(), key: None, rule, description: description.into() }
    }
}

/// A problem with a document.
impl From<Problem> for Violation {
    fn from(problem: Problem) -> Self {
        // Where it is the whole, it has no path.
        let field = if problem.path.is_empty() { "document".to_owned() } else { problem.path };
        Self::new(field, problem.rule, problem.description)
    }
}

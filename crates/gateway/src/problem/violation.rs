//! One broken rule, as a member of a problem.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use wire::error;

/// One broken rule.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Violation {
    pub(super) field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    key: Option<String>,
    rule: Cow<'static, str>,
    pub(super) description: String,
}

impl Violation {
    /// Whether this is about a field, by a rule.
    pub(super) fn is(&self, field: &str, rule: &str) -> bool {
        self.field == field && self.rule == rule
    }
}

impl From<error::Violation> for Violation {
    fn from(error::Violation { field, key, rule, description }: error::Violation) -> Self {
        Self { field, key, rule, description }
    }
}

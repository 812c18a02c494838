//! What one tenant may.

use std::num::NonZeroU32;

use domain::value_type::ValueRules;

/// What one tenant may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many attributes its sessions may grow to.
    pub max_attributes: usize,
    /// Whether values are held to the rules of their types.
    pub value_rules: ValueRules,
    /// How many calls it may make in a second, and as many at once after a pause; any number without.
    pub calls_per_second: Option<NonZeroU32>,
    /// How many of its calls may be under way at once; as many as there is room for without.
    pub max_calls: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_attributes: 10, value_rules: ValueRules::Strict, calls_per_second: None, max_calls: None }
    }
}

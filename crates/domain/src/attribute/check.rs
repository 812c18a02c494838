//! The rules for attributes, all of them reported.

use super::{Attribute, Attributes};
use crate::{
    error::Error,
    value_type::{ValueRules, ValueType},
    violation::Violation,
};
use json::{Problem, Value};

/// An attribute as a caller sent it.
#[derive(Debug, Default)]
pub struct Draft {
    /// `key`
    pub key: Member<String>,
    /// `type`
    pub type_name: Member<String>,
    /// `value`
    pub value: Member<Value>,
    /// Names of members that an attribute does not have.
    pub unknown: Vec<String>,
    /// What is wrong with the attribute as a whole.
    pub problems: Vec<Problem>,
}

/// A member of an attribute.
#[derive(Debug, Default)]
pub enum Member<T> {
    /// It was not given.
    #[default]
    Missing,
    /// It was given, and is no value that the service takes.
    Unreadable(Vec<Problem>),
    /// It was given as a text that is no JSON, for this cause.
    NotJson(String),
    /// It was given.
    Given(T),
}

/// What is wrong with a list of so many: how many there are counts before anything that is in them.
pub(super) fn too_many(found: usize) -> Error {
    Error::RequestTooLarge { what: "number of attributes", found, limit: Attributes::MAX }
}

/// Holds the attribute at an index of the list to its rules.
pub(super) fn check(
    at: usize,
    draft: Draft,
    rules: ValueRules,
    violations: &mut Vec<Violation>,
) -> Option<Attribute> {
    let mut report = Report { at, key: shown_key(&draft.key), violations };
    report.problems("", draft.problems);
    for name in draft.unknown {
        let name: String = name.chars().take(Report::MAX_SHOWN_CHARS).collect();
        let description = format!(
            "\"{}\" is no member of an attribute; those are key, type and value",
            name.escape_debug()
        );
        report.violation("", "unknown_member", description);
    }
    let key = report.given("key", draft.key);
    let type_name = report.given("type", draft.type_name);
    let value = report.given("value", draft.value);

    let key = key.and_then(|key| report.key(key));
    let value_type = type_name.and_then(|name| report.value_type(&name));
    let value = value.and_then(|value| report.value(value, value_type, rules));
    Some(Attribute { key: key?, value_type: value_type?, value: value? })
}

/// Notes what is wrong with one attribute.
struct Report<'a> {
    at: usize,
    key: Option<String>,
    violations: &'a mut Vec<Violation>,
}

impl Report<'_> {
    /// As much of a caller's own text as a violation repeats, in characters.
    const MAX_SHOWN_CHARS: usize = 64;

    fn given<T>(&mut self, member: &str, value: Member<T>) -> Option<T> {
        match value {
            Member::Given(value) => return Some(value),
            Member::Missing => self.violation(member, "required", "must be given"),
            Member::Unreadable(problems) => self.problems(member, problems),
            Member::NotJson(cause) => {
                self.violation(&format!("{member}_json"), "json", format!("must be JSON: {cause}"));
            }
        }
        None
    }

    fn key(&mut self, key: String) -> Option<String> {
        let Some((rule, description)) = key_problem(&key) else { return Some(key) };
        self.violation("key", rule, description);
        None
    }

    fn value_type(&mut self, name: &str) -> Option<ValueType> {
        let value_type = ValueType::from_name(name);
        if value_type.is_none() {
            let names = ValueType::ALL.map(ValueType::name).join(", ");
            self.violation("type", "value_type", format!("must be one of {names}"));
        }
        value_type
    }

    fn value(&mut self, value: Value, value_type: Option<ValueType>, rules: ValueRules) -> Option<Value> {
        // One that was JSON text has been held to both as it was read, so that no more is ever built. One that a message
        // held is measured here for the first time.
        let (size, depth) = (value.to_text().len(), value.depth());
        if size > Attribute::MAX_VALUE_BYTES {
            let description = format!(
                "must take at most {} bytes as JSON without white space; this takes {size}",
                Attribute::MAX_VALUE_BYTES
            );
            self.violation("value", "size", description);
            return None;
        }
        if depth > Attribute::MAX_VALUE_DEPTH {
            let description = format!("must be nested at most {} levels deep", Attribute::MAX_VALUE_DEPTH);
            self.violation("value", "depth", description);
            return None;
        }
        if rules == ValueRules::Strict
            && let Some(value_type) = value_type
            && let Err(misfit) = value_type.check(&value)
        {
            self.violation("value", value_type.name(), misfit.description + &within(&misfit.path));
            return None;
        }
        Some(value)
    }

    fn problems(&mut self, member: &str, problems: Vec<Problem>) {
        for problem in problems {
            self.violation(member, problem.rule, problem.description + &within(&problem.path));
        }
    }

    fn violation(&mut self, member: &str, rule: &'static str, description: impl Into<String>) {
        let dot = if member.is_empty() { "" } else { "." };
        let field = format!("attributes[{}]{dot}{member}", self.at);
        self.violations.push(Violation { key: self.key.clone(), ..Violation::new(field, rule, description) });
    }
}

/// The rule that a key breaks, and what would be right.
#[must_use]
pub fn key_problem(key: &str) -> Option<(&'static str, &'static str)> {
    if key.chars().any(char::is_control) {
        Some(("no_control_characters", "must not hold control characters"))
    } else if key.is_empty() || key.chars().nth(Attribute::MAX_KEY_CHARS).is_some() {
        Some(("length", "must have 1 to 255 characters"))
    } else if key.chars().all(char::is_whitespace) {
        Some(("not_blank", "must hold something other than white space"))
    } else {
        None
    }
}

/// The key to name the attribute by: cut where it is too long, which is then one of the violations.
fn shown_key(key: &Member<String>) -> Option<String> {
    match key {
        Member::Given(key) => Some(key.chars().take(Attribute::MAX_KEY_CHARS).collect()),
        Member::Missing | Member::Unreadable(_) | Member::NotJson(_) => None,
    }
}

/// Says, for the end of a description, where inside the member the problem is.
pub(crate) fn within(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" (at {path})") }
}

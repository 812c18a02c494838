//! Violations as `google.rpc` has them: each in BadRequest, with its rule as the reason; and in ErrorInfo's metadata the
//! keys of the attributes that are meant, for which BadRequest has no place.
//!
//! google.rpc advises that reasons be in UPPER_SNAKE_CASE. Rules keep their names all the same: most are value types, which
//! have one name in requests, documents and errors, over gRPC as over REST, and callers compare it with what they sent.

use std::{borrow::Cow, collections::HashMap};

use channel_session_api::v1;
use tonic_types::pb::bad_request::FieldViolation;

/// One broken rule, as a caller gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which part of the request, such as `attributes[1].value`.
    pub field: String,
    /// The key of the attribute that is meant, where it has one; never empty.
    pub key: Option<String>,
    /// The rule: a value type's name, or another rule's, such as `required`.
    pub rule: Cow<'static, str>,
    /// A sentence that says what would be right.
    pub description: String,
}

impl From<&domain::violation::Violation> for Violation {
    fn from(violation: &domain::violation::Violation) -> Self {
        Self {
            field: violation.field.clone(),
            key: violation.key.clone().filter(|key| !key.is_empty()),
            rule: violation.rule.into(),
            description: violation.description.clone(),
        }
    }
}

impl Violation {
    /// The violation without its key.
    pub(super) fn to_field_violation(&self) -> FieldViolation {
        FieldViolation {
            field: self.field.clone(),
            description: self.description.clone(),
            reason: self.rule.clone().into_owned(),
            ..FieldViolation::default()
        }
    }

    /// The violation with the key that the metadata has of its attribute.
    pub(super) fn from_field_violation(
        violation: FieldViolation,
        metadata: &HashMap<String, String>,
    ) -> Self {
        Self {
            key: metadata.get(&key_name(&violation.field)).cloned(),
            field: violation.field,
            rule: violation.reason.into(),
            description: violation.description,
        }
    }
}

/// As one of many updates has it: with its key.
impl From<Violation> for v1::Violation {
    fn from(Violation { field, key, rule, description }: Violation) -> Self {
        Self { field, key: key.unwrap_or_default(), rule: rule.into_owned(), description }
    }
}

impl From<v1::Violation> for Violation {
    fn from(v1::Violation { field, key, rule, description }: v1::Violation) -> Self {
        Self { field, key: Some(key).filter(|key| !key.is_empty()), rule: rule.into(), description }
    }
}

/// Metadata with the keys of the attributes that the violations are about. Violations of one attribute share their entry.
pub(super) fn keys(violations: &[Violation]) -> impl Iterator<Item = (String, String)> {
    violations.iter().filter_map(|violation| Some((key_name(&violation.field), violation.key.clone()?)))
}

/// Removes the keys that none of the violations that are listed needs.
pub(super) fn retain_keys(metadata: &mut HashMap<String, String>, listed: &[FieldViolation]) {
    let needed: Vec<_> = listed.iter().map(|violation| key_name(&violation.field)).collect();
    metadata.retain(|name, _| !name.ends_with(KEY) || needed.contains(name));
}

/// What the names of keys in the metadata end with.
const KEY: &str = "_key";

/// The name in ErrorInfo's metadata of the key of the attribute that a field is in: `attributes_1_key` for
/// `attributes[1].value`. Names of metadata are letters, digits and underscores.
pub(super) fn key_name(field: &str) -> String {
    let attribute = field.find(']').map_or(field, |end| &field[..end]);
    attribute.replace(|char: char| !char.is_ascii_alphanumeric(), "_") + KEY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_after_the_attribute_and_not_after_what_is_within() {
        for (field, name) in [
            ("attributes[1].value", "attributes_1_key"),
            ("attributes[1].value.a[7].b", "attributes_1_key"),
            ("attributes[12]", "attributes_12_key"),
            ("preconditions[0].key", "preconditions_0_key"),
            ("remove_keys[3]", "remove_keys_3_key"),
        ] {
            assert_eq!(key_name(field), name);
        }
    }
}

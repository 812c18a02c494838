//! The update rule: what attaching and removing attributes makes of a document. Every store applies it as it stands
//! here.

mod difference;

use crate::{
    attribute::{self, Attribute, Attributes, Draft, Member},
    error::{Error, Present},
    event::{AttributeDiff, Entry},
    precondition::{Precondition, PreconditionDraft, has_key},
    session::{Document, Revision},
    value_type::ValueRules,
    violation::Violation,
};
use json::Value;

pub(crate) use difference::difference;

/// What one request does to a session's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// What to attach.
    pub attributes: Attributes,
    /// The keys to remove, each with all its entries. None of them is attached too.
    pub remove_keys: Vec<String>,
    /// What attributes have to be before that.
    pub preconditions: Vec<Precondition>,
    /// How many entries the list may grow to.
    pub max_attributes: usize,
}

impl Update {
    /// Holds a request to its rules.
    ///
    /// # Errors
    /// [`Error::RequestTooLarge`] if there are more attributes, keys or preconditions than a request may hold,
    /// [`Error::InvalidAttributes`] with every violation.
    pub fn check(
        attributes: Vec<Draft>,
        remove_keys: Vec<String>,
        preconditions: Vec<PreconditionDraft>,
        rules: ValueRules,
        max_attributes: usize,
    ) -> Result<Self, Error> {
        for (what, found, limit) in [
            ("number of attributes", attributes.len(), Attributes::MAX),
            ("number of keys to remove", remove_keys.len(), Attributes::MAX),
            ("number of preconditions", preconditions.len(), Precondition::MAX),
        ] {
            if found > limit {
                return Err(Error::RequestTooLarge { what, found, limit });
            }
        }
        let removals: Vec<_> = remove_keys
            .iter()
            .map(|key| attribute::key_problem(key).or_else(|| attached_too(key, &attributes)))
            .collect();
        let mut violations = Vec::new();
        let attributes = Attributes::collect(attributes, rules, &mut violations);
        for (at, (key, problem)) in remove_keys.iter().zip(removals).enumerate() {
            if let Some((rule, description)) = problem {
                let key = Some(key.chars().take(Attribute::MAX_KEY_CHARS).collect());
                let violation = Violation::new(format!("remove_keys[{at}]"), rule, description);
                violations.push(Violation { key, ..violation });
            }
        }
        let drafts = preconditions.into_iter().enumerate();
        let preconditions =
            drafts.filter_map(|(at, draft)| Precondition::check(at, draft, &mut violations)).collect();
        if !violations.is_empty() {
            return Err(Error::InvalidAttributes(violations));
        }
        Ok(Self { attributes, remove_keys, preconditions, max_attributes })
    }

    /// Attaches attributes and does nothing else.
    #[must_use]
    pub fn attach(attributes: Attributes, max_attributes: usize) -> Self {
        Self { attributes, remove_keys: Vec::new(), preconditions: Vec::new(), max_attributes }
    }

    fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.remove_keys.is_empty()
    }
}

/// The rule that a key to remove breaks by being attached too, whatever else is wrong with what is attached.
fn attached_too(key: &str, attributes: &[Draft]) -> Option<(&'static str, &'static str)> {
    let is_attached =
        attributes.iter().any(|draft| matches!(&draft.key, Member::Given(attached) if attached == key));
    is_attached.then_some(("one_of", "must not be both attached and removed"))
}

/// Another document, and how it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The document.
    pub document: Document,
    /// Each entry of the list that changed: those that were removed, then those that were attached, in the request's
    /// order.
    pub changes: Vec<AttributeDiff>,
}

/// Applies an update to the document of a session that is active. Returns nothing where the list of attributes is what
/// it was.
///
/// # Errors
/// [`Error::ChannelDataMalformed`], [`Error::AttributeMismatch`], [`Error::TooManyAttributes`],
/// [`Error::DocumentTooLarge`].
pub fn apply(document: &Document, revision: Revision, update: &Update) -> Result<Option<Applied>, Error> {
    if update.is_empty() && update.preconditions.is_empty() {
        return Ok(None);
    }
    let list = document.attributes().map_err(Error::ChannelDataMalformed)?;
    for precondition in &update.preconditions {
        precondition.hold(list).map_err(|entry| {
            let key = precondition.key.clone();
            Error::AttributeMismatch(Box::new(Present { key, revision, entry: entry.map(Entry::of) }))
        })?;
    }
    let before = list.len();
    let mut list = list.to_vec();
    let mut changes = remove(&mut list, &update.remove_keys);
    for attribute in update.attributes.iter() {
        merge(&mut list, attribute, &mut changes);
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let found = list.len();
    if found > before && found > update.max_attributes {
        return Err(Error::TooManyAttributes { found, limit: update.max_attributes });
    }
    Ok(Some(Applied { document: document.with_attributes(list)?, changes }))
}

fn remove(list: &mut Vec<Value>, keys: &[String]) -> Vec<AttributeDiff> {
    let mut changes = Vec::new();
    let mut index = 0;
    list.retain(|entry| {
        let removed = entry.as_object().and_then(|entry| {
            let key = keys.iter().find(|key| has_key(entry, key))?;
            Some(AttributeDiff { key: key.clone(), index, old: Some(Entry::of(entry)), new: None })
        });
        index += 1;
        let stays = removed.is_none();
        changes.extend(removed);
        stays
    });
    changes
}

fn merge(list: &mut Vec<Value>, attribute: &Attribute, changes: &mut Vec<AttributeDiff>) {
    let change = |index, old, new| AttributeDiff { key: attribute.key.clone(), index, old, new: Some(new) };
    let mut found = false;
    for (index, entry) in list.iter_mut().enumerate() {
        if let Value::Object(entry) = entry
            && has_key(entry, &attribute.key)
        {
            found = true;
            let old = Entry::of(entry);
            attribute.write_into(entry);
            let new = Entry::of(entry);
            if old != new {
                changes.push(change(index, Some(old), new));
            }
        }
    }
    if !found {
        let entry = attribute.to_entry();
        changes.push(change(list.len(), None, Entry::of(&entry)));
        list.push(Value::Object(entry));
    }
}

#[cfg(test)]
mod tests;

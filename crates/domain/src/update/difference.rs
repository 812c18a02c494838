//! What a list of attributes has that another one had not, for when a whole document takes another's place.

use std::collections::{BTreeMap, VecDeque};

use crate::event::{AttributeDiff, Entry};
use json::{Object, Value};

/// What changes between two lists: entries that were removed, then the others in the order of the new list. Entries
/// belong together by their key, the first of a key to the first, so that one that has merely moved has not changed.
/// Entries without a key are none of the service's.
pub(crate) fn difference(old: &[Value], new: &[Value]) -> Vec<AttributeDiff> {
    let mut left: BTreeMap<&str, VecDeque<(usize, &Object)>> = BTreeMap::new();
    for (index, key, entry) in keyed(old) {
        left.entry(key).or_default().push_back((index, entry));
    }
    let mut written = Vec::new();
    for (index, key, entry) in keyed(new) {
        let old = left.get_mut(key).and_then(VecDeque::pop_front).map(|(_, entry)| Entry::of(entry));
        let new = Some(Entry::of(entry));
        if old != new {
            written.push(AttributeDiff { key: key.to_owned(), index, old, new });
        }
    }
    let mut changes: Vec<_> = left.into_iter().flat_map(|(key, entries)| removed(key, entries)).collect();
    changes.sort_by_key(|change| change.index);
    changes.extend(written);
    changes
}

fn keyed(list: &[Value]) -> impl Iterator<Item = (usize, &str, &Object)> {
    list.iter().enumerate().filter_map(|(index, entry)| {
        let entry = entry.as_object()?;
        Some((index, entry.get("key")?.as_str()?, entry))
    })
}

fn removed(key: &str, entries: VecDeque<(usize, &Object)>) -> impl Iterator<Item = AttributeDiff> {
    entries.into_iter().map(move |(index, entry)| AttributeDiff {
        key: key.to_owned(),
        index,
        old: Some(Entry::of(entry)),
        new: None,
    })
}

#[cfg(test)]
mod tests;

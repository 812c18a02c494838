//! The members of an object.

use std::{borrow::Cow, sync::Arc};

use super::Tree;

/// The members of an object, each name once.
///
/// They are kept in the order that PostgreSQL gives the members of a JSONB object, by length and then by bytes, so
/// that both stores return a document's members alike. Clones share them until one of them is changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members<'a>(pub(crate) Arc<[Member<'a>]>);

/// A member: its name and its value.
pub(crate) type Member<'a> = (Cow<'a, str>, Tree<'a>);

/// The members of an object that own all of their texts.
pub type Object = Members<'static>;

impl<'a> Members<'a> {
    /// The member with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tree<'a>> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// The member with this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Tree<'a>> {
        self.find(name).ok().map(|at| &mut Arc::make_mut(&mut self.0)[at].1)
    }

    /// Adds a member, or replaces the one that has this name.
    pub fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: Tree<'a>) {
        let name = name.into();
        match self.find(&name) {
            Ok(at) => Arc::make_mut(&mut self.0)[at].1 = value,
            Err(at) => {
                let (before, behind) = self.0.split_at(at);
                let new = [(name, value)];
                self.0 = before.iter().cloned().chain(new).chain(behind.iter().cloned()).collect();
            }
        }
    }

    /// Removes a member where there is one.
    pub fn remove(&mut self, name: &str) {
        if let Ok(at) = self.find(name) {
            let (before, behind) = (&self.0[..at], &self.0[at + 1..]);
            self.0 = before.iter().chain(behind).cloned().collect();
        }
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tree<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Takes the members behind some others, in any order. Where a name comes twice, the last one counts.
    pub(crate) fn take(members: &mut Vec<Member<'a>>, from: usize) -> Self {
        if is_in_order(&members[from..]) {
            // As stored documents are.
            return Self(members.drain(from..).collect());
        }
        members.drain(from..).collect()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| order(other, name))
    }
}

impl<'a, N: Into<Cow<'a, str>>> FromIterator<(N, Tree<'a>)> for Members<'a> {
    /// Where a name comes twice, the last one counts.
    fn from_iter<I: IntoIterator<Item = (N, Tree<'a>)>>(members: I) -> Self {
        let mut members: Vec<_> = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
        if is_in_order(&members) {
            return Self(members.into());
        }
        // The sort is stable; reversed, the last of equal names comes first, which is the one that dedup keeps.
        members.reverse();
        members.sort_by(|(a, _), (b, _)| order(a, b));
        members.dedup_by(|(later, _), (kept, _)| later == kept);
        Self(members.into())
    }
}

/// Whether members are as they are kept.
fn is_in_order(members: &[Member<'_>]) -> bool {
    members.is_sorted_by(|(a, _), (b, _)| order(a, b).is_lt())
}

fn order(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

//! What differs between two versions of a credentials file, by the names of its callers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::Callers;

/// The callers that came, went, or have other keys, certificates or rights than before. By their names: a key's digest is
/// nobody's business.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Who may call from now on.
    pub added: Names,
    /// Who may not call any more.
    pub removed: Names,
    /// Who has other keys or certificates, another tenant or other scopes.
    pub changed: Names,
}

/// Names, of which as many are written as a line has room for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Vec<String>);

/// How many names are written.
const MAX_SHOWN: usize = 20;

impl Changes {
    pub(super) fn between(before: &Callers, after: &Callers) -> Self {
        let (before, after) = (by_name(before), by_name(after));
        let absent = |there: &BTreeMap<&str, _>, from: &BTreeMap<&str, _>| {
            Names(
                there
                    .keys()
                    .filter(|name| !from.contains_key(*name))
                    .map(|name| (*name).to_owned())
                    .collect(),
            )
        };
        let other =
            before.iter().filter(|(name, entries)| after.get(*name).is_some_and(|after| after != *entries));
        Self {
            added: absent(&after, &before),
            removed: absent(&before, &after),
            changed: Names(other.map(|(name, _)| (*name).to_owned()).collect()),
        }
    }
}

/// What each name stands for, in an order of its own.
fn by_name(callers: &Callers) -> BTreeMap<&str, BTreeSet<String>> {
    let keys = callers.by_key.iter().map(|(digest, entry)| (digest.to_string(), entry));
    let certificates = callers.by_name.iter().map(|(name, entry)| (name.clone(), entry));
    let mut names = BTreeMap::<_, BTreeSet<_>>::new();
    for (shown, entry) in keys.chain(certificates) {
        let (tenant, scopes) = (entry.identity.tenant.as_str(), entry.identity.scopes);
        let entries = names.entry(entry.identity.requester.as_str()).or_default();
        entries.insert(format!("{scopes:?} {shown} {tenant}"));
    }
    names
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, removed, changed } = self;
        write!(f, "added: {added}; removed: {removed}; changed: {changed}")
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nobody");
        }
        f.write_str(&self.0[..self.0.len().min(MAX_SHOWN)].join(", "))?;
        match self.0.len().checked_sub(MAX_SHOWN) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::{Credentials, Digest};

    fn file(callers: &[(&str, &str, &str)]) -> String {
        let callers: Vec<_> = callers
            .iter()
            .map(|(name, tenant, key)| {
                let digest = Digest::of(key);
                format!(r#"{{"name":"{name}","tenant":"{tenant}","scopes":["channel-sessions:read"],"keys":["{digest}"]}}"#)
            })
            .collect();
        format!(r#"{{"callers":[{}]}}"#, callers.join(","))
    }

    #[test]
    fn who_came_went_and_changed_is_told_by_name() {
        let credentials = Credentials::parse(&file(&[
            ("stays", "a", "chs_1"),
            ("goes", "a", "chs_2"),
            ("moves", "a", "chs_3"),
            ("renews", "a", "chs_4"),
        ]));
        let changes = credentials.expect("a file").replace(&file(&[
            ("stays", "a", "chs_1"),
            ("comes", "a", "chs_2"),
            ("moves", "b", "chs_3"),
            ("renews", "a", "chs_5"),
        ]));
        let Changes { added, removed, changed } = changes.expect("a file");
        let reported = [added, removed, changed].map(|names| names.to_string());
        assert_eq!(reported, ["comes", "goes", "moves, renews"]);
        let many = Names((0..30).map(|at| at.to_string()).collect()).to_string();
        assert!(many.ends_with("19 and 10 more"), "{many}");
    }
}

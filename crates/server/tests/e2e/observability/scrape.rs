//! What processes expose, with its names and labels.

use std::collections::{BTreeMap, BTreeSet};

/// The values of each label.
pub(super) type Labels = BTreeMap<String, BTreeSet<String>>;

/// What some processes expose together.
#[derive(Debug, Default)]
pub(super) struct Scrape {
    /// Series by the names that queries have for them.
    pub(super) series: BTreeMap<String, Labels>,
    /// Families by the names that documents have for them: those of their series, or, of histograms, without what is put behind.
    pub(super) families: BTreeMap<String, Labels>,
}

impl Scrape {
    /// Adds what a process exposes.
    pub(super) fn add(&mut self, text: &str) {
        let mut families: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                let (name, kind) = family.split_once(' ').unwrap();
                families.push((name.to_owned(), kind.to_owned()));
            }
            if line.starts_with('#') {
                continue;
            }
            let (name, labels) = sample(line);
            let (family, kind) = families.last().unwrap();
            let exposed_as = match &**kind {
                "counter" => format!("{family}_total"),
                "info" => format!("{family}_info"),
                _ => family.clone(),
            };
            assert!(name.starts_with(family.as_str()), "{line} is not of {family}");
            self.families.entry(exposed_as.clone()).or_default();
            self.series.entry(name.clone()).or_default();
            for (label, value) in labels {
                if label != "le" {
                    let of_family = self.families.get_mut(&exposed_as).unwrap();
                    of_family.entry(label.clone()).or_default().insert(value.clone());
                }
                self.series.get_mut(&name).unwrap().entry(label).or_default().insert(value);
            }
        }
    }

    /// Whether any series has a label.
    pub(super) fn has_label(&self, label: &str) -> bool {
        self.series.values().any(|labels| labels.contains_key(label))
    }
}

/// A sample's name and labels, whose values hold no quotes.
fn sample(line: &str) -> (String, Vec<(String, String)>) {
    let (series, _) = line.split_once(" # ").unwrap_or((line, ""));
    let (series, _) = series.rsplit_once(' ').unwrap();
    let Some((name, labels)) = series.split_once('{') else { return (series.to_owned(), Vec::new()) };
    let mut pairs = labels.strip_suffix("\"}").unwrap().split("\",");
    let pair = |pair: &str| {
        let (label, value) = pair.split_once("=\"").unwrap();
        (label.to_owned(), value.to_owned())
    };
    (name.to_owned(), pairs.by_ref().map(pair).collect())
}

//! The rules, the dashboard and the documents of `deploy/`, as they are read here.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

/// A file of `deploy/`.
pub(super) fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A rule by which Prometheus records or alerts.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// Its members by their names: `alert` or `record`, `expr`, and those of labels and annotations.
    pub(super) members: BTreeMap<String, String>,
}

impl Rule {
    /// A member, empty where there is none.
    pub(super) fn get(&self, member: &str) -> &str {
        self.members.get(member).map_or("", String::as_str)
    }
}

/// The rules, of as much YAML as the file uses: a rule begins with `- alert:` or `- record:`, a text of several lines with `>-`, and
/// a mapping is in braces or indented.
pub(super) fn rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut text: Option<(usize, String)> = None;
    for line in read("prometheus/alerts.yaml").lines() {
        let entry = line.trim_start();
        let indent = line.len() - entry.len();
        if let Some((outer, name)) = &text {
            if indent > *outer {
                let member = rules.last_mut().unwrap().members.entry(name.clone()).or_default();
                *member += entry;
                *member += " ";
                continue;
            }
            text = None;
        }
        let (entry, begins) = entry.strip_prefix("- ").map_or((entry, false), |entry| (entry, true));
        let Some((name, value)) = entry.split_once(':') else { continue };
        if begins && ["alert", "record"].contains(&name) {
            rules.push(Rule::default());
        }
        let Some(rule) = rules.last_mut() else { continue };
        match value.trim() {
            ">-" => text = Some((indent, name.to_owned())),
            value if value.starts_with('{') => {
                let (label, value) = value.trim_matches(['{', '}']).split_once(": ").unwrap();
                rule.members.insert(label.to_owned(), value.to_owned());
            }
            value => drop(rule.members.insert(name.to_owned(), value.to_owned())),
        }
    }
    rules
}

/// The panels of the dashboard, without rows.
pub(super) fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(&read("grafana/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    panels.iter().filter(|panel| panel["type"] != "row").cloned().collect()
}

/// The rows of a document's tables: the first two cells, of which the first is one name in backquotes and the second lists some.
pub(super) fn table(document: &str) -> BTreeMap<String, Vec<String>> {
    let quoted = |cell: &str| -> Vec<String> {
        let names = cell.split('`').skip(1).step_by(2);
        names.map(ToOwned::to_owned).collect()
    };
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    let read = |row: &str| {
        let mut cells = row.split('|').map(str::trim);
        let name = cells.next().unwrap().trim_end_matches('`').to_owned();
        (name, quoted(cells.next().unwrap()))
    };
    rows.map(read).collect()
}

/// The fragments of a document's headings.
pub(super) fn anchors(document: &str) -> Vec<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|it| it.is_alphanumeric() || matches!(it, '_' | '-' | ' '));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

//! A case that is in neither list would never run, and nobody would miss it.

use std::{collections::BTreeSet, fs, path::Path};

use channel_sessions_store_testkit::{CASES, RULES};

#[test]
fn every_case_is_in_one_of_the_lists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cases");
    let mut defined = BTreeSet::new();
    for file in fs::read_dir(folder).expect("the folder of cases") {
        let path = file.expect("a file of cases").path();
        let noun = path.file_stem().expect("a name").to_string_lossy().into_owned();
        for line in fs::read_to_string(&path).expect("a file of cases").lines() {
            if let Some(rest) = line.strip_prefix("pub async fn ") {
                defined.insert(format!("{noun}::{}", rest.split('(').next().expect("a name")));
            }
        }
    }
    let all = [CASES, RULES].concat();
    let listed: BTreeSet<_> = all.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(defined, listed);
    assert_eq!(listed.len(), all.len(), "none is listed twice");
}

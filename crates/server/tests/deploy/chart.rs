//! Holds the chart in `deploy/helm` to the program.

use std::collections::BTreeSet;

use channel_sessions_server::cli::Program;
use clap::CommandFactory;
use serde_json::Value;

use super::{is_variable, read, settings, variables};

/// What only a Secret may say: the chart names a file that holds it.
const SECRET: &str = "DATABASE_URL";

type Names = BTreeSet<String>;

#[test]
fn the_chart_is_of_this_version() {
    let chart = read("helm/Chart.yaml");
    let version = chart.lines().find_map(|line| line.strip_prefix("appVersion: "));
    assert_eq!(version, Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_chart_has_every_setting_and_no_other() {
    let set = set_by_templates();
    let taken = taken("/properties/settings/properties");
    assert!(
        taken.is_disjoint(&set),
        "both the chart and its values say what it is: {:?}",
        taken.intersection(&set)
    );
    let mut expected: Names = settings().into_keys().collect();
    assert!(expected.remove(SECRET));
    assert_eq!(taken.union(&set).cloned().collect::<Names>(), expected);
}

#[test]
fn the_gateway_of_the_chart_has_every_setting_of_its_own_and_no_other() {
    let set = set_by_templates();
    let expected: Names = of_command("gateway").difference(&set).cloned().collect();
    assert_eq!(taken("/properties/gateway/properties/settings/properties"), expected);
}

#[test]
fn the_migration_of_the_chart_is_told_what_it_takes() {
    let template = read("helm/templates/migration.yaml");
    let (_, picked) = template.split_once("pick .Values.settings").expect("what of the settings it has");
    let picked: Names = quoted(picked.lines().next().unwrap_or_default());
    assert!(picked.len() > 1 && picked.is_subset(&of_command("migrate")), "{picked:?}");
}

/// README.md has the formula, for one process.
#[test]
fn a_pod_has_the_memory_that_it_may_take() {
    let settings = settings();
    let mebibytes = |name: &str| {
        let number = settings[name].strip_suffix("MiB").and_then(|number| number.parse::<u64>().ok());
        number.expect("a number of MiB") << 20
    };
    let connections: u64 = settings["MAX_CONNECTIONS"].parse().expect("a number");
    let taken = 200_000_000 + mebibytes("MEMORY_BUDGET") + mebibytes("SESSION_CACHE") + 30_000 * connections;
    let values = read("helm/values.yaml");
    let (_, resources) = values.split_once("\nresources:\n").expect("resources");
    let memory: Vec<_> = resources.lines().take_while(|line| line.starts_with(' ')).collect();
    let memory: Vec<_> = memory.iter().filter_map(|line| line.trim().strip_prefix("memory: ")).collect();
    assert_eq!(memory.len(), 2, "requested and limited: {memory:?}");
    for granted in memory {
        let number = granted.strip_suffix("Mi").and_then(|number| number.parse::<u64>().ok());
        let granted = number.expect("a number of Mi") << 20;
        assert!(granted >= taken, "{granted} bytes are granted, and {taken} may be taken");
    }
}

/// The variables that the templates set: addresses and files.
fn set_by_templates() -> Names {
    let template = read("helm/templates/_settings.tpl");
    let names = template.lines().filter_map(|line| line.strip_prefix("- name: "));
    let names: Names = names.filter(|name| is_variable(name)).map(str::to_owned).collect();
    assert!(names.len() > 5, "{names:?}");
    names
}

/// The variables that the values may set.
fn taken(pointer: &str) -> Names {
    let schema: Value = serde_json::from_str(&read("helm/values.schema.json")).expect("JSON");
    let properties = schema.pointer(pointer).and_then(Value::as_object).expect("properties");
    properties.keys().cloned().collect()
}

fn of_command(name: &str) -> Names {
    let mut cli = Program::command();
    // Hands the flags that all commands share to each of them.
    cli.build();
    let command = cli.find_subcommand(name).expect("a command");
    variables(command).map(|(name, _)| name).collect()
}

/// The texts in quotes.
fn quoted(text: &str) -> Names {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

//! Holds what `deploy/` says of the settings to the settings that there are.

#[path = "deploy/chart.rs"]
mod chart;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use channel_sessions_server::cli::Program;
use clap::{Command, CommandFactory};

/// A variable's name and its default; empty where it has none.
type Settings = BTreeMap<String, String>;

#[test]
fn the_example_file_has_every_variable_with_its_default_and_no_other() {
    assert_eq!(example(&read("channel-sessions.env")), settings());
}

#[test]
fn the_example_file_explains_every_variable() {
    let text = read("channel-sessions.env");
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if let Some((name, _)) = setting(line) {
            assert!(at > 0 && lines[at - 1].starts_with("# "), "there is no explanation above {name}");
        }
    }
}

#[test]
fn every_variable_that_the_rest_of_the_folder_names_exists() {
    for (file, names) in [
        ("Containerfile", container(&read("Containerfile"))),
        ("compose.yaml", compose(&read("compose.yaml"))),
        ("compose.observability.yaml", compose(&read("compose.observability.yaml"))),
        ("compose.production.yaml", compose(&read("compose.production.yaml"))),
    ] {
        assert!(!names.is_empty(), "no variable was found in {file}");
        for name in names {
            assert!(settings().contains_key(&name), "{file} names {name}, which does not exist");
        }
    }
    let drop_in = unit(&read("production.conf"));
    assert!(drop_in.len() > 5, "{drop_in:?}");
    for name in unit(&read("channel-sessions.service")).into_iter().chain(drop_in) {
        assert!(settings().contains_key(&name), "the unit names {name}, which does not exist");
    }
}

#[test]
fn a_clean_stop_has_the_time_that_it_may_take() {
    let default = |name: &str| duration(&settings()[name]);
    let stop = default("LAME_DUCK") + 2 * default("DRAIN_TIMEOUT");
    for (file, key) in [
        ("channel-sessions.service", "TimeoutStopSec="),
        ("compose.yaml", "stop_grace_period:"),
        ("compose.production.yaml", "stop_grace_period:"),
    ] {
        let text = read(file);
        let mut granted = text.lines().filter_map(|line| line.trim().strip_prefix(key)).peekable();
        assert!(granted.peek().is_some(), "{file} has no {key}");
        for time in granted {
            assert!(duration(time.trim()) > stop, "{file}: {key} {time} is not more than {stop:?}");
        }
    }
}

/// A section of the unit, such as `[Unit]`.
fn section(name: &str) -> String {
    let unit = read("channel-sessions.service");
    let (_, section) = unit.split_once(&format!("[{name}]\n")).expect("the section is there");
    section.split("\n[").next().unwrap_or_default().to_owned()
}

#[test]
fn the_unit_is_started_again_for_ever() {
    // In another section, systemd ignores it.
    assert!(section("Unit").lines().any(|line| line == "StartLimitIntervalSec=0"));
    let service = section("Service");
    assert!(service.lines().any(|line| line == "Restart=always"));
    let pause = service.lines().find_map(|line| line.strip_prefix("RestartSec=")).expect("a pause");
    assert!(duration(pause) >= Duration::from_secs(1));
}

#[test]
fn systemd_understands_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("channel-sessions.service");
    let drop_in = folder.path().join("channel-sessions.service.d/production.conf");
    fs::create_dir(drop_in.parent().expect("a folder")).expect("a folder");
    for (file, path) in [("channel-sessions.service", &path), ("production.conf", &drop_in)] {
        let text = read(file).replace("/usr/local/bin/channel-sessions serve", "/bin/true");
        fs::write(path, text).expect("a file");
    }
    let Ok(verified) = std::process::Command::new("systemd-analyze").arg("verify").arg(&path).output() else {
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    // It may also speak of what else is, or is not, installed.
    assert!(!said.contains("channel-sessions.service:") && !said.contains("production.conf:"), "{said}");
}

/// What the program knows: the variables of all of its commands.
fn settings() -> Settings {
    let mut cli = Program::command();
    // Hands the flags that all commands share to each of them.
    cli.build();
    let mut settings = Settings::new();
    for command in cli.get_subcommands() {
        for (name, default) in variables(command) {
            let other = settings.insert(name.clone(), default.clone());
            assert!(other.is_none_or(|other| other == default), "{name} has several defaults");
        }
    }
    settings
}

fn variables(command: &Command) -> impl Iterator<Item = (String, String)> {
    command.get_arguments().filter_map(|arg| {
        let name = arg.get_env()?.to_str()?.to_owned();
        let default = arg.get_default_values().first().and_then(|value| value.to_str()).unwrap_or_default();
        Some((name, default.to_owned()))
    })
}

/// The settings of the example file.
fn example(text: &str) -> Settings {
    let mut settings = Settings::new();
    for (name, value) in text.lines().filter_map(setting) {
        let other = settings.insert(name.to_owned(), value.to_owned());
        assert!(other.is_none(), "{name} is in the file twice");
    }
    settings
}

/// A line `NAME=value`, also where it is commented out as `#NAME=value`. Prose follows `# `.
fn setting(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#').unwrap_or(line).split_once('=')?;
    is_variable(name).then_some((name, value))
}

/// The variables that the image sets: `ENV NAME=value NAME=value`.
fn container(text: &str) -> BTreeSet<String> {
    let text = text.replace("\\\n", " ");
    let environments = text.lines().filter_map(|line| line.strip_prefix("ENV "));
    environments.flat_map(str::split_whitespace).map(assigned).collect()
}

/// The variables that the unit sets: `Environment=NAME=value NAME=value`.
fn unit(text: &str) -> BTreeSet<String> {
    let environments = text.lines().filter_map(|line| line.strip_prefix("Environment="));
    environments.flat_map(str::split_whitespace).map(|pair| assigned(pair.trim_matches('"'))).collect()
}

fn assigned(pair: &str) -> String {
    pair.split_once('=').unwrap_or((pair, "")).0.to_owned()
}

/// The settings of the services that run the program. OpenTelemetry's variables are none of them. Reads as much YAML as the file uses:
/// services are indented by two, their members by four, variables by six.
fn compose(text: &str) -> BTreeSet<String> {
    let (mut service, mut member) = ("", "");
    let mut names = BTreeSet::new();
    for line in text.lines() {
        let entry = line.trim_start();
        let Some((name, _)) = entry.split_once(':') else { continue };
        match line.len() - entry.len() {
            2 => service = name,
            4 => member = name,
            6 if member == "environment"
                && ["channel-sessions", "gateway"].contains(&service)
                && is_variable(name)
                && !name.starts_with("OTEL_") =>
            {
                names.insert(name.to_owned());
            }
            _ => {}
        }
    }
    names
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

fn duration(text: &str) -> Duration {
    humantime::parse_duration(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

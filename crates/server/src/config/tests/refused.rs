//! What is said of values that are refused.

use std::ffi::OsString;

use clap::Parser;

use super::{commands, flags};
use crate::cli::Program;

/// What the program says of an argument that it refuses.
fn refusal(argument: &[&str]) -> String {
    let command = ["channel-sessions", "serve"];
    match Program::of(command.iter().chain(argument).map(OsString::from)) {
        Ok(_) => panic!("{argument:?} is taken"),
        Err(error) => {
            assert_eq!(error.exit_code(), 2, "{argument:?}");
            error.to_string()
        }
    }
}

#[test]
fn a_value_that_is_refused_is_named_with_its_flag_and_what_is_expected() {
    for (flag, value, expected) in [
        ("--http-addr", "nonsense", "expected HOST:PORT, such as 127.0.0.1:8080"),
        ("--http-addr", "localhost", "expected HOST:PORT"),
        ("--http-addr", ":8080", "expected HOST:PORT"),
        ("--grpc-addr", "127.0.0.1:65536", "expected HOST:PORT"),
        ("--value-rules", "loose", "[possible values: strict, lenient]"),
        ("--max-attributes", "ten", "a whole number from 0 to 4294967295"),
        ("--max-attributes", "", "a whole number from 0 to"),
        ("--max-attributes", "4294967296", "a whole number from 0 to"),
        ("--max-attributes", "-1", "a whole number from 0 to"),
        ("--max-concurrent-requests", "0", "a whole number from 1 to"),
        ("--database-max-connections", "0", "a whole number from 1 to"),
        ("--database-max-connections", "0", "<DATABASE_MAX_CONNECTIONS>"),
        ("--max-connections", "7", "a whole number from 8 to"),
        ("--request-timeout", "soon", "a number with its unit, such as 500ms, 90s or 1h"),
        ("--request-timeout", "10", "a number with its unit"),
        ("--request-timeout", "", "a number with its unit"),
        ("--request-timeout", "0s", "longer than nothing"),
        ("--lame-duck", "10", "a number with its unit"),
        ("--drain-timeout", "abc", "a number with its unit"),
        ("--max-connection-age-grace", "abc", "a number with its unit, such as 500ms, 90s or 1h"),
        ("--max-connection-age", "never", "such as 500ms, 90s or 1h; or off"),
        ("--max-connection-age", "0s", "longer than nothing, such as 500ms, 90s or 1h; or off"),
        ("--metrics-addr", "foo", "expected HOST:PORT, such as 127.0.0.1:9464, or off"),
        ("--metrics-addr", "9464", "or off"),
        ("--metrics-addr", ":9464", "or off"),
        ("--metrics-addr", "", "or off"),
        ("--event-retention", "0s", "longer than nothing"),
        ("--event-retention", "7", "such as 24h, 7days or 12weeks"),
        ("--request-id-retention", "7", "such as 24h, 7days or 12weeks"),
        ("--ended-retention", "7", "such as 24h, 7days or 12weeks; or never"),
        ("--ended-retention", "0s", "longer than nothing, such as 24h, 7days or 12weeks; or never"),
        ("--request-id-retention", "23h", "must be 24h or longer"),
        ("--ended-retention", "soon", "12weeks; or never"),
        ("--ended-retention", "off", "or never"),
        ("--request-id-retention", "a day", "a number with its unit"),
        ("--retention-interval", "often", "a number with its unit"),
        ("--max-watches", "0", "a whole number from 1 to"),
        ("--session-cache", "32MB", "write it as 128MiB"),
        ("--session-cache", "-1", "write it as 128MiB"),
        ("--memory-budget", "128MB", "write it as 128MiB"),
        ("--memory-budget", "1MiB", "96MiB or more"),
        ("--allowed-hosts", "http://a.example", "sessions.example:8443"),
        ("--cors-origins", "*", "https://app.example"),
        ("--cors-origins", "null", "https://app.example"),
        ("--log-format", "xml", "[possible values: auto, text, json]"),
    ] {
        let message = refusal(&[&format!("{flag}={value}")]);
        assert!(message.contains(flag) && message.contains(value), "{flag}: {message}");
        assert!(message.contains(expected), "{flag}: {message}");
    }
}

/// As people type it: with a space, and so with a value that looks like a flag.
#[test]
fn a_value_that_begins_with_a_minus_is_refused_by_the_flag_that_it_was_given_to() {
    let serve = commands().remove(0);
    let mut refused = 0;
    for arg in flags(&serve).filter(|arg| arg.get_action().takes_values()) {
        let flag = format!("--{}", arg.get_long().expect("a name"));
        for value in ["-1", "-1s", "-x"] {
            // Some take any text, such as the name of a file.
            if Program::of(["channel-sessions", "serve", &flag, value].map(OsString::from)).is_ok() {
                continue;
            }
            let message = refusal(&[&flag, value]);
            assert!(message.contains(&flag) && !message.contains("unexpected argument"), "{message}");
            refused += 1;
        }
    }
    assert!(refused > 60, "{refused}");
    let message = refusal(&["--max-attributes", "-1"]);
    assert!(message.contains("--max-attributes") && message.contains("from 0 to 4294967295"), "{message}");
}

/// A word that is no level would otherwise be taken for the name of a part of the program, and silence all others.
#[test]
fn a_log_level_that_there_is_not_is_refused() {
    for level in ["loud", "inf0", "warning"] {
        let message = refusal(&["--log-level", level]);
        assert!(message.contains("--log-level") && message.contains("debug"), "{level}: {message}");
    }
}

/// What each setting of a kind says of a value that none of them takes reads alike.
#[test]
fn every_duration_and_every_address_says_how_it_is_written() {
    let serve = commands().remove(0);
    let mut kinds = [0, 0];
    for arg in flags(&serve) {
        let (flag, help) = (arg.get_long().expect("a name"), arg.get_help().map(ToString::to_string));
        let default = arg.get_default_values().first().map_or("", |it| it.to_str().expect("text"));
        let is_duration = default.parse::<humantime::Duration>().is_ok_and(|it| !it.is_zero())
            || ["max-connection-age", "ended-retention"].contains(&flag);
        let is_address = flag.ends_with("-addr");
        if !is_duration && !is_address {
            continue;
        }
        kinds[usize::from(is_address)] += 1;
        let message = refusal(&[&format!("--{flag}=no such thing")]);
        let words = if is_address { "HOST:PORT" } else { "a number with its unit" };
        assert!(message.contains(words), "{flag}: {message}");
        // A word that a setting takes in its place is in its help, and in the message.
        for word in ["off", "never"] {
            let is_taken =
                Program::try_parse_from(["channel-sessions", "serve", &format!("--{flag}={word}")]).is_ok();
            assert_eq!(message.contains(&format!("or {word}")), is_taken, "{flag}: {message}");
            assert!(!is_taken || help.as_ref().is_some_and(|help| help.contains(word)), "{flag}: {help:?}");
        }
    }
    assert_eq!(kinds, [13, 3]);
}

//! Any text: reading it comes to an end, and what is accepted is the same after a way through its canonical text.

#![no_main]

use json::{Path, Value, parse, parse_within};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Also what is no JSON, such as a store's text that other hands have damaged.
    let _ = parse(text, 64, &Path::root(""));
    let Ok(value) = text.parse::<Value>() else { return };
    let canonical = value.to_text();
    assert_eq!(canonical.parse().as_ref(), Ok(&value));
    assert!(parse_within(text, 100, canonical.len(), &Path::root("")).is_ok());
});

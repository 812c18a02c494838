//! Durations, and how they are written.

use std::time::Duration;

use humantime::Duration as HumanDuration;

/// Durations as they are written where waits are meant, and where things are kept.
const SHORT: &str = "500ms, 90s or 1h";
const LONG: &str = "24h, 7days or 12weeks";

/// A duration, also one in which nothing can happen.
pub(super) fn duration(text: &str) -> Result<HumanDuration, String> {
    written_as(text, SHORT)
}

/// A duration in which something can happen.
pub(super) fn positive(text: &str) -> Result<HumanDuration, String> {
    positive_as(text, SHORT)
}

/// The same of hours and more.
pub(super) fn long(text: &str) -> Result<HumanDuration, String> {
    positive_as(text, LONG)
}

/// A duration in which something can happen, or none where the word says so.
pub(super) fn or_word(text: &str, word: &str) -> Result<Option<Duration>, String> {
    unless_word(text, word, positive)
}

/// The same of hours and more.
pub(super) fn long_or_word(text: &str, word: &str) -> Result<Option<Duration>, String> {
    unless_word(text, word, long)
}

fn written_as(text: &str, examples: &str) -> Result<HumanDuration, String> {
    text.parse()
        .map_err(|_| format!("must be a duration, which is a number with its unit, such as {examples}"))
}

fn positive_as(text: &str, examples: &str) -> Result<HumanDuration, String> {
    match written_as(text, examples)? {
        none if none.is_zero() => Err(format!("must be longer than nothing, such as {examples}")),
        duration => Ok(duration),
    }
}

fn unless_word(
    text: &str,
    word: &str,
    parse: fn(&str) -> Result<HumanDuration, String>,
) -> Result<Option<Duration>, String> {
    if text == word {
        return Ok(None);
    }
    parse(text).map(|duration| Some(duration.into())).map_err(|error| format!("{error}; or {word}"))
}

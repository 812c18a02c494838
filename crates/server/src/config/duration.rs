//! Durations, and how they are written.

use std::time::Duration;

use humantime::Duration as HumanDuration;

/// A duration, also one in which nothing can happen.
pub(super) fn duration(text: &str) -> Result<HumanDuration, String> {
    let how = "must be a duration, which is a number with its unit, such as 500ms, 90s or 1h";
    text.parse().map_err(|_| how.to_owned())
}

/// A duration in which something can happen.
pub(super) fn positive(text: &str) -> Result<HumanDuration, String> {
    match duration(text)? {
        none if none.is_zero() => Err("must be longer than nothing, such as 10s or 500ms".to_owned()),
        duration => Ok(duration),
    }
}

/// Such a duration, or none where the word says so.
pub(super) fn or_word(text: &str, word: &str) -> Result<Option<Duration>, String> {
    if text == word {
        return Ok(None);
    }
    positive(text).map(|duration| Some(duration.into())).map_err(|error| format!("{error}; or {word}"))
}

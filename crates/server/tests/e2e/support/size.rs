//! How large a test is: short in the checks of a change, in full by one command.

/// The short size, or the full one where the variable `TEST_SIZE` is `full`.
pub(crate) fn short_or_full<T>(short: T, full: T) -> T {
    match std::env::var("TEST_SIZE").as_deref() {
        Ok("full") => full,
        Ok(other) => panic!("TEST_SIZE is {other}: it is full, or not there"),
        Err(_) => short,
    }
}

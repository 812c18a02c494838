//! Names of callers and of tenants.

/// The longest one, in characters.
pub(crate) const MAX_CHARS: usize = 255;

/// Whether a text may be one.
pub(crate) fn is_fine(text: &str) -> bool {
    let chars = text.chars().count();
    (1..=MAX_CHARS).contains(&chars) && !text.chars().any(char::is_control)
}

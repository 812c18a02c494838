//! Percent-encoding (RFC 3986, section 2.1).

use percent_encoding::percent_decode_str;

/// What a text stands for; none if an escape is broken, or if it is not UTF-8. Decoders at large take `%zz` as it stands,
/// so that two texts would name one thing.
pub(crate) fn decode(text: &str) -> Option<String> {
    if has_broken_escape(text) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Whether there is a percent sign without two hexadecimal digits behind it.
pub(crate) fn has_broken_escape(text: &str) -> bool {
    text.split('%').skip(1).any(|behind| {
        let digits = behind.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
        digits < 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_whole() {
        for (text, expected) in [
            ("", Some("")),
            ("a%2fb%2F", Some("a/b/")),
            ("%C3%A4", Some("ä")),
            ("%25zz", Some("%zz")),
            ("%zz", None),
            ("%", None),
            ("a%2", None),
            ("%%41", None),
            ("%4", None),
            ("%+1", None),
            ("%ff", None),
        ] {
            assert_eq!(decode(text).as_deref(), expected, "{text}");
        }
    }
}

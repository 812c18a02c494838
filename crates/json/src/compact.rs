//! JSON text without the white space between its parts.

use super::parse::string_len;

/// Takes the white space out that stands between the parts of a valid JSON text, and leaves that inside of strings.
#[must_use]
pub fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len());
    // All that is looked for is ASCII, so the text is only ever cut between characters.
    let bytes = text.as_bytes();
    let (mut start, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at += string_len(&text[at..]).0,
            b' ' | b'\n' | b'\t' | b'\r' => {
                compact.push_str(&text[start..at]);
                at += 1;
                start = at;
            }
            _ => at += 1,
        }
    }
    compact.push_str(&text[start..]);
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_between_parts_goes_and_that_inside_strings_stays() {
        for (text, expected) in [
            ("{\"a\": 1, \"b\" :[ true ,null\t,\r\n-0.10 ] }", r#"{"a":1,"b":[true,null,-0.10]}"#),
            (r#" "a b\" c\\" "#, r#""a b\" c\\""#),
            (r#"{"\\": "\"", "é 💬": "\\\" , : "}"#, r#"{"\\":"\"","é 💬":"\\\" , : "}"#),
            ("{}", "{}"),
            (" 1 ", "1"),
            ("", ""),
        ] {
            assert_eq!(compact(text), expected, "{text}");
        }
    }
}

//! JSON text without the white space between its parts.

/// Takes the white space out that stands between the parts of a valid JSON text, and leaves that inside of strings.
#[must_use]
pub fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len());
    let mut rest = text;
    // Outside of strings there is no quote, and inside every other one is escaped.
    while let Some(start) = rest.find('"') {
        compact.extend(rest[..start].split_ascii_whitespace());
        let end = start + 1 + string_end(&rest[start + 1..]);
        compact.push_str(&rest[start..end]);
        rest = &rest[end..];
    }
    compact.extend(rest.split_ascii_whitespace());
    compact
}

/// How long a string is, its closing quote included, that has been entered.
fn string_end(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 1)
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

//! From a document's text to what is stored.

use domain::{
    Error,
    session::{Document, Id},
};

use super::extended_json;

/// A document and its id, or all that is wrong with it, in words.
pub(super) type Read = Result<(Id, Document), String>;

/// Reads a document and its id. MongoDB's wrappers become plain values, unless it is to stay `raw`.
pub(super) fn read(text: &str, raw: bool) -> Read {
    let syntax = json::syntax(text).map_err(|error| {
        let hint =
            if error.is_eof() { "; a document has to be on one line, as `jq -c .` writes it" } else { "" };
        format!("{}{hint}", not_json(&error))
    })?;
    let plain = if raw { None } else { extended_json::plain(syntax)? };
    let document = match plain.filter(|plain| plain.depth() <= Document::MAX_DEPTH) {
        Some(plain) => Document::try_from(plain),
        // Also for what is wrong with a document that has no plain form.
        None => Document::parse(text),
    };
    let read = document.and_then(|document| document.id("").map(|id| (id, document)));
    read.map_err(|error| reason(&error))
}

/// What the parser found. It counts lines from where the document begins, which helps nobody, so they are left out.
pub(super) fn not_json(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let what = message.strip_suffix(&position).unwrap_or(&message);
    format!("not JSON: {what} at column {}", error.column())
}

fn reason(error: &Error) -> String {
    let Error::InvalidDocument(violations) = error else { return error.to_string() };
    let rules = violations.iter().map(|violation| format!("{} {}", violation.field, violation.description));
    rules.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read(text, false).expect_err("the document should be refused")
    }

    #[test]
    fn every_broken_rule_is_named_with_its_place() {
        assert_eq!(
            refused(r#"{"id":"a","b":["\u0000",{"c":1e400}]}"#),
            "b[0] must not hold the character U+0000, as text here does; b[1].c must take at most 400 characters \
             when written out without exponent"
        );
        assert_eq!(refused("{}"), "id must be given: the id to store the session under");
        assert_eq!(refused(r#"{"id":5}"#), "id must be a string");
        assert_eq!(refused("[]"), "document must be an object; this is an array");
        assert_eq!(refused(r#"{"id":".."}"#), r#"a channel session id must be neither "." nor "..""#);
        assert_eq!(refused(r#"{"id":""}"#), "a channel session id is required: 1 to 255 characters");
    }

    #[test]
    fn the_place_in_a_line_that_is_not_json_is_a_column() {
        assert_eq!(refused(r#"{"id":tru}"#), "not JSON: expected ident at column 10");
        assert_eq!(
            refused(r#"{"id":"#),
            "not JSON: EOF while parsing a value at column 6; a document has to be on one line, as `jq -c .` \
             writes it"
        );
    }

    #[test]
    fn wrappers_do_not_count_as_depth() {
        let nested = |inner: &str| format!(r#"{{"id":"a","a":{}{inner}{}}}"#, "[".repeat(63), "]".repeat(63));
        let (_, document) = read(&nested(r#"{"$date":{"$numberLong":"0"}}"#), false).expect("64 deep");
        assert!(document.text().contains(r#"[["1970-01-01T00:00:00.000Z"]]"#));
        assert!(read(&nested(r#"{"$date":{"$numberLong":"0"}}"#), true).is_err());
        assert!(refused(&nested("[]")).ends_with(" must be nested at most 64 levels deep"));
        assert!(refused(&nested("[[[]]]")).ends_with(" must be nested at most 64 levels deep"));
    }
}

//! The schemas accept what the code accepts that a request is held to, and nothing else.

use domain::{attribute::key_problem, precondition::RevisionMatch};
use jsonschema::Validator;
use schemars::generate::SchemaSettings;

use super::*;

fn validator(schema: fn(&mut SchemaGenerator) -> Schema) -> Validator {
    of(&schema(&mut SchemaSettings::draft2020_12().into_generator()).to_value())
}

fn of(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).expect("a schema")
}

/// Texts at the edges of the rules, and each character that one of them could be about alone, between others, and repeated.
fn texts() -> Vec<String> {
    let edges = [
        "",
        " ",
        ".",
        "..",
        "...",
        "a b",
        " a",
        "a\n",
        "\n",
        "a\"b",
        "\"1\"",
        "W/\"1\"",
        "\"1\", \"2\"",
        "\"1\" \"2\"",
        "\"1\",",
        ",\"1\"",
        ", ,",
        "\"1\"\t,, \"2\" ",
        "*",
        "**",
        " *",
        "\"*\"",
        "\"a b\"",
        "\"a,b\"",
        "\"\"",
        "\"",
        "1",
        "w/\"1\"",
        "\"\u{7f}\"",
        "\"é\"",
        "\\",
        "\"a\\\"b\"",
        "\"a\\\\b\"",
        "\"a\\b\"",
        "!",
        "~",
        "💬",
    ];
    let mut texts: Vec<_> = edges.map(str::to_owned).into();
    for char in ('\0'..='\u{ff}').chain('\u{1670}'..='\u{1690}').chain('\u{1ff0}'..='\u{2070}').chain([
        '\u{3000}',
        '\u{feff}',
        '\u{180e}',
        '\u{10ffff}',
    ]) {
        texts.extend([
            char.to_string(),
            format!("a{char}b"),
            format!("{char}{char} "),
            format!("\"{char}\""),
        ]);
    }
    for length in [99, 100, 101, 127, 128, 129, 254, 255, 256] {
        texts.extend([" ", "x", "💬"].map(|char| char.repeat(length)));
        texts.push(format!("\"{}\"", "x".repeat(length)));
    }
    texts
}

/// Its name, its schema, and what the code accepts.
type Rule<'a> = (&'static str, Validator, &'a dyn Fn(&str) -> bool);

#[test]
fn a_schema_accepts_what_the_code_does() {
    let etag_or_nothing = |text: &str| text.is_empty() || RevisionMatch::parse(text).is_ok();
    let request_id_or_nothing = |text: &str| text.is_empty() || RequestId::parse(text).is_ok();
    let rules: [Rule; 8] = [
        ("id", validator(id), &|text| Id::parse(text).is_ok()),
        ("id or nothing", validator(id_or_nothing), &|text| text.is_empty() || Id::parse(text).is_ok()),
        ("key", validator(key), &|text| key_problem(text).is_none()),
        ("name", validator(name), &|text| End::parse("", text).is_ok()),
        ("name or nothing", validator(name_or_nothing), &|text| End::parse(text, "AGENT").is_ok()),
        ("etag", validator(super::etag_or_nothing), &etag_or_nothing),
        ("request id", validator(super::request_id_or_nothing), &request_id_or_nothing),
        ("type", validator(value_type), &|text| ValueType::from_name(text).is_some()),
    ];
    for (name, schema, accepts) in rules {
        for text in texts().into_iter().filter(|text| name != "etag" || !has_empty_elements(text)) {
            assert_eq!(schema.is_valid(&Value::from(&*text)), accepts(&text), "{name}: {text:?}");
        }
        for value in ValueType::ALL.map(ValueType::name) {
            assert_eq!(schema.is_valid(&Value::from(value)), accepts(value), "{name}: {value:?}");
        }
    }
}

/// Whether a text may be a list with empty elements, or with blanks around it.
fn has_empty_elements(text: &str) -> bool {
    let mut elements = text.split(',').map(|element| element.trim_matches([' ', '\t']));
    text.contains([' ', ',']) && elements.any(str::is_empty) || text.trim_matches([' ', '\t']) != text
}

/// Headers hold visible ASCII and blanks, and blanks around a value are none of it.
#[test]
fn a_header_is_accepted_as_the_code_does() {
    let (if_match, key) = (of(&if_match()), of(&idempotency_key()));
    let is_header = |text: &String| {
        text.bytes().all(|byte| byte == b'\t' || matches!(byte, 0x20..0x7f)) && text.trim() == text
    };
    for text in texts().into_iter().filter(is_header) {
        let value = http::HeaderValue::from_str(&text).expect("a value");
        let headers = [(http::header::IF_MATCH, value.clone())].into_iter().collect();
        let tags = crate::headers::etag_of(&headers);
        let accepts = tags.is_some_and(|tags| RevisionMatch::parse(&tags).is_ok());
        if !has_empty_elements(&text) {
            assert_eq!(if_match.is_valid(&Value::from(&*text)), accepts, "If-Match: {text}");
        }
        let headers = [(http::HeaderName::from_static("idempotency-key"), value)].into_iter().collect();
        let name = crate::headers::request_id_of(&headers);
        let accepts = name.is_some_and(|name| RequestId::parse(&name).is_ok());
        assert_eq!(key.is_valid(&Value::from(&*text)), accepts, "Idempotency-Key: {text}");
    }
}

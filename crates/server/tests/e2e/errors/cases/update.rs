//! The cases of updates, documents and reading.

use tonic::Code;

use super::{Case, ONE, case, create, get, update};

pub(super) fn cases() -> Vec<Case> {
    let invalid_id = |name, id: &str, rule| {
        case(name, update(id, ONE), Code::InvalidArgument, "INVALID_CHANNEL_SESSION_ID", 400).with(&[(
            "channel_session_id",
            "",
            rule,
        )])
    };
    let malformed =
        |name, body: &str| case(name, update("there", body), Code::InvalidArgument, "MALFORMED_BODY", 400);
    let invalid = |name, body: &str, violations: &[_]| {
        case(name, update("there", body), Code::InvalidArgument, "INVALID_ATTRIBUTES", 400).with(violations)
    };
    let attribute = |value: &str| format!(r#"[{{"key":"k","type":"WebChannelData","value":{value}}}]"#);
    let nested = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    let invalid_document = |name, document: &str, violations: &[_]| {
        case(name, create(document), Code::InvalidArgument, "INVALID_DOCUMENT", 400).with(violations)
    };
    let filler = |size: usize| format!(r#"{{"id":"large","x":"{}"}}"#, "x".repeat(size - 21));
    let many = format!("[{}]", vec![&ONE[1..ONE.len() - 1]; 101].join(","));
    vec![
        invalid_id("a dot for an id", ".", "not_dots"),
        invalid_id("two dots for an id", "..", "not_dots"),
        invalid_id("a control character in an id", "a\u{7}b", "no_control_characters"),
        invalid_id("an id that is too long", &"é".repeat(256), "length"),
        case("a bad id to read", get(".."), Code::InvalidArgument, "INVALID_CHANNEL_SESSION_ID", 400)
            .with(&[("channel_session_id", "", "not_dots")]),
        case(
            "a bad id and a bad body",
            update("..", "["),
            Code::InvalidArgument,
            "INVALID_CHANNEL_SESSION_ID",
            400,
        )
        .with(&[("channel_session_id", "", "not_dots")]),
        malformed("a truncated body", "[{\"key\":\"k\""),
        malformed("no JSON", "key=value"),
        malformed("an object", "{}"),
        malformed("a list of other things", "[{},1]"),
        malformed("garbage behind the list", "[] []"),
        malformed("a raw line break in a string", "[{\"key\":\"a\nb\"}]"),
        case("malformed for nobody", update("nobody", "[1]"), Code::InvalidArgument, "MALFORMED_BODY", 400),
        invalid(
            "an empty attribute",
            "[{}]",
            &[
                ("attributes[0].key", "", "required"),
                ("attributes[0].type", "", "required"),
                ("attributes[0].value", "", "required"),
            ],
        ),
        invalid(
            "every attribute is looked at",
            r#"[{"key":"a","type":"Number","value":"x"},
            {"key":"b","type":"number","value":1},{"key":" ","type":"Number","value":1},
            {"key":"d","type":"Number","value":1,"Value":2},{"key":5,"type":true,"value":1}]"#,
            &[
                ("attributes[0].value", "a", "Number"),
                ("attributes[1].type", "b", "value_type"),
                ("attributes[2].key", " ", "not_blank"),
                ("attributes[3]", "d", "unknown_member"),
                ("attributes[4].key", "", "type"),
                ("attributes[4].type", "", "type"),
            ],
        ),
        invalid(
            "U+0000 in a value",
            &attribute(r#"{"a":"\u0000"}"#),
            &[("attributes[0].value", "k", "no_nul")],
        ),
        invalid("U+0000 in a name", &attribute(r#"{"\u0000":1}"#), &[("attributes[0].value", "k", "no_nul")]),
        invalid(
            "a lone surrogate",
            &attribute(r#"{"a":"\udc00"}"#),
            &[("attributes[0].value", "k", "unicode")],
        ),
        invalid(
            "a number written out",
            &attribute(r#"{"a":1e131071}"#),
            &[("attributes[0].value", "k", "number_length")],
        ),
        invalid("33 levels", &attribute(&nested(33)), &[("attributes[0].value", "k", "depth")]),
        invalid(
            "64 KiB and a byte",
            &attribute(&format!(r#"{{"a":"{}"}}"#, "x".repeat(65_537 - 8))),
            &[("attributes[0].value", "k", "size")],
        ),
        case(
            "invalid for nobody",
            update("nobody", "[{}]"),
            Code::InvalidArgument,
            "INVALID_ATTRIBUTES",
            400,
        )
        .with(&[
            ("attributes[0].key", "", "required"),
            ("attributes[0].type", "", "required"),
            ("attributes[0].value", "", "required"),
        ]),
        case(
            "a list that would outgrow its limit",
            update("full", ONE),
            Code::InvalidArgument,
            "TOO_MANY_ATTRIBUTES",
            400,
        ),
        case(
            "101 of what are no attributes",
            update("there", format!("[{}]", ["1"; 101].join(","))),
            Code::OutOfRange,
            "REQUEST_TOO_LARGE",
            413,
        ),
        case("101 attributes", update("there", many), Code::OutOfRange, "REQUEST_TOO_LARGE", 413),
        case(
            "a request over 1 MiB",
            update("there", " ".repeat(1 << 20) + "[]"),
            Code::OutOfRange,
            "REQUEST_TOO_LARGE",
            413,
        ),
        case("nobody", update("nobody", ONE), Code::NotFound, "CHANNEL_SESSION_NOT_FOUND", 404),
        case(
            "nobody, and nothing to do",
            update("nobody", "[]"),
            Code::NotFound,
            "CHANNEL_SESSION_NOT_FOUND",
            404,
        ),
        case("nobody to read", get("nobody"), Code::NotFound, "CHANNEL_SESSION_NOT_FOUND", 404),
        case(
            "a session that ended",
            update("ended", ONE),
            Code::FailedPrecondition,
            "CHANNEL_SESSION_NOT_ACTIVE",
            409,
        ),
        case(
            "ended, and nothing to do",
            update("ended", "[]"),
            Code::FailedPrecondition,
            "CHANNEL_SESSION_NOT_ACTIVE",
            409,
        ),
        case(
            "channelData is a number",
            update("no-object", ONE),
            Code::FailedPrecondition,
            "CHANNEL_DATA_MALFORMED",
            409,
        ),
        case(
            "the list is an object",
            update("no-list", ONE),
            Code::FailedPrecondition,
            "CHANNEL_DATA_MALFORMED",
            409,
        ),
        case(
            "stored before",
            create(r#"{"id":"there"}"#),
            Code::AlreadyExists,
            "CHANNEL_SESSION_EXISTS",
            409,
        ),
        case("a document that is no JSON", create("{"), Code::InvalidArgument, "MALFORMED_BODY", 400),
        invalid_document("a document that is a list", "[]", &[("document", "", "type")]),
        invalid_document("a document without an id", "{}", &[("id", "", "required")]),
        invalid_document(
            "U+0000 in a name at the top",
            r#"{"id":"x","\u0000":1}"#,
            &[("\u{fffd}", "", "no_nul")],
        ),
        invalid_document("a number for an id", r#"{"id":5}"#, &[("id", "", "type")]),
        invalid_document(
            "all that is refused",
            r#"{"id":"x","a":{"b":["\u0000",1e400]},"c":"\ud800"}"#,
            &[("a.b[0]", "", "no_nul"), ("a.b[1]", "", "number_length"), ("c", "", "unicode")],
        ),
        invalid_document(
            "65 levels",
            &format!(r#"{{"id":"x","a":{}}}"#, nested(64)),
            &[(
                // Names follow each other to the level that is one too many.
                "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
                "",
                "depth",
            )],
        ),
        case(
            "a bad id in a document",
            create(r#"{"id":".."}"#),
            Code::InvalidArgument,
            "INVALID_CHANNEL_SESSION_ID",
            400,
        )
        .with(&[("id", "", "not_dots")]),
        case(
            "a document over 2 MiB",
            create(filler((2 << 20) + 1)),
            Code::InvalidArgument,
            "DOCUMENT_TOO_LARGE",
            400,
        ),
        case(
            "a request over 4 MiB",
            create(" ".repeat(4 << 20) + "{}"),
            Code::OutOfRange,
            "REQUEST_TOO_LARGE",
            413,
        ),
    ]
}

//! The table of cases: what is called, and the code, reason, HTTP status and violations that come of it.

use channel_session_api::v1::{
    CreateChannelSessionRequest, DeleteChannelSessionRequest, EndChannelSessionRequest,
    GetChannelSessionRequest, ListChannelSessionHistoryRequest, ListChannelSessionsRequest,
    UpdateDataRequest, WatchChannelSessionsRequest,
};
use tonic::Code;

use crate::support::caller::{expect, expect_absent, set};

/// What is called, as a gRPC caller says it.
#[derive(Clone)]
pub(super) enum Call {
    Update(UpdateDataRequest),
    Create(CreateChannelSessionRequest),
    Get(GetChannelSessionRequest),
    List(ListChannelSessionsRequest),
    End(EndChannelSessionRequest),
    Delete(DeleteChannelSessionRequest),
    History(ListChannelSessionHistoryRequest),
    Watch(WatchChannelSessionsRequest),
}

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) call: Call,
    pub(super) code: Code,
    pub(super) reason: &'static str,
    pub(super) http: u16,
    /// Field, key and rule of each violation, as far as they are listed.
    pub(super) violations: Vec<(&'static str, &'static str, &'static str)>,
}

pub(super) fn update(id: &str, body: impl Into<String>) -> Call {
    let attributes_json = Some(body.into());
    Call::Update(UpdateDataRequest {
        channel_session_id: id.to_owned(),
        attributes_json,
        ..Default::default()
    })
}

fn create(document: impl Into<String>) -> Call {
    let document_json = Some(document.into());
    Call::Create(CreateChannelSessionRequest { document_json, ..Default::default() })
}

fn get(id: &str) -> Call {
    Call::Get(GetChannelSessionRequest { channel_session_id: id.to_owned(), view: 0 })
}

fn one(id: &str, change: fn(&mut UpdateDataRequest)) -> Call {
    let mut request = set(id, "k", "Number", 1);
    change(&mut request);
    Call::Update(request)
}

fn list(change: fn(&mut ListChannelSessionsRequest)) -> Call {
    let mut request = ListChannelSessionsRequest::default();
    change(&mut request);
    Call::List(request)
}

fn end(id: &str, change: fn(&mut EndChannelSessionRequest)) -> Call {
    let (channel_session_id, reason_code) = (id.to_owned(), "AGENT".to_owned());
    let mut request = EndChannelSessionRequest { channel_session_id, reason_code, ..Default::default() };
    change(&mut request);
    Call::End(request)
}

fn delete(id: &str, etag: &str) -> Call {
    let (channel_session_id, etag) = (id.to_owned(), etag.to_owned());
    Call::Delete(DeleteChannelSessionRequest { channel_session_id, etag, ..Default::default() })
}

fn history(id: &str, change: fn(&mut ListChannelSessionHistoryRequest)) -> Call {
    let channel_session_id = id.to_owned();
    let mut request = ListChannelSessionHistoryRequest { channel_session_id, ..Default::default() };
    change(&mut request);
    Call::History(request)
}

fn watch(change: fn(&mut WatchChannelSessionsRequest)) -> Call {
    let mut request = WatchChannelSessionsRequest::default();
    change(&mut request);
    Call::Watch(request)
}

pub(super) fn case(name: &'static str, call: Call, code: Code, reason: &'static str, http: u16) -> Case {
    Case { name, call, code, reason, http, violations: Vec::new() }
}

impl Case {
    fn with(mut self, violations: &[(&'static str, &'static str, &'static str)]) -> Self {
        self.violations = violations.to_vec();
        self
    }
}

/// A request id that has been used before, by an update of the session `there` that changed nothing.
pub(super) const USED: &str = "used-before";

pub(super) const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

/// Sessions that the cases need.
pub(super) const SESSIONS: [(&str, &str); 6] = [
    ("attributes", r#"{"channelData":{"additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#),
    ("full", r#"{"channelData":{"additionalAttributes":[1,2,3,4,5,6,7,8,9,10]}}"#),
    ("ended", r#"{"isActive":false,"channelData":5}"#),
    ("no-object", r#"{"channelData":5}"#),
    ("no-list", r#"{"channelData":{"additionalAttributes":{}}}"#),
    ("there", r#"{"id":"there"}"#),
];

pub(super) fn cases() -> Vec<Case> {
    let invalid_id = |name, id: &str, rule| {
        case(name, update(id, ONE), Code::InvalidArgument, "INVALID_CHANNEL_SESSION_ID", 400).with(&[(
            "channelSessionId",
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
            .with(&[("channelSessionId", "", "not_dots")]),
        case(
            "a bad id and a bad body",
            update("..", "["),
            Code::InvalidArgument,
            "INVALID_CHANNEL_SESSION_ID",
            400,
        )
        .with(&[("channelSessionId", "", "not_dots")]),
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
        .with(&[("channelSessionId", "", "not_dots")]),
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

/// The cases of what is required, of request ids, and of the calls around updates.
pub(super) fn more_cases() -> Vec<Case> {
    let invalid_id = |name, call| {
        let violation = ("channelSessionId", "", "not_dots");
        case(name, call, Code::InvalidArgument, "INVALID_CHANNEL_SESSION_ID", 400).with(&[violation])
    };
    let parameter = |name, call, field, rule| {
        case(name, call, Code::InvalidArgument, "INVALID_PARAMETER", 400).with(&[(field, "", rule)])
    };
    let nobody = |name, call| case(name, call, Code::NotFound, "CHANNEL_SESSION_NOT_FOUND", 404);
    let ended = |name, call| case(name, call, Code::FailedPrecondition, "CHANNEL_SESSION_NOT_ACTIVE", 409);
    let revision = |name, call| case(name, call, Code::Aborted, "REVISION_MISMATCH", 412);
    let attribute = |name, call| case(name, call, Code::Aborted, "ATTRIBUTE_MISMATCH", 409);
    let too_large = |name, call| case(name, call, Code::OutOfRange, "REQUEST_TOO_LARGE", 413);
    let reused = |name, call| case(name, call, Code::InvalidArgument, "REQUEST_ID_REUSED", 422);
    vec![
        revision("another revision", one("there", |it| it.etag = "\"7\"".to_owned())),
        revision("a weak tag", one("there", |it| it.etag = "W/\"1\"".to_owned())),
        revision("another revision to end", end("there", |it| it.etag = "\"7\"".to_owned())),
        revision("another revision to delete", delete("there", "\"7\"")),
        parameter("a tag without quotes", one("there", |it| it.etag = "1".to_owned()), "etag", "etag"),
        parameter("a tag without quotes, for nobody", delete("nobody", "1"), "etag", "etag"),
        attribute(
            "an attribute that is absent",
            one("there", |it| it.preconditions = vec![expect("a", "1")]),
        ),
        attribute("another value", one("attributes", |it| it.preconditions = vec![expect("a", "2")])),
        attribute(
            "one that has to be absent",
            one("attributes", |it| it.preconditions = vec![expect_absent("a")]),
        ),
        // Existence, active, and the revision come before it; the limit behind it.
        nobody("nobody, with preconditions", one("nobody", |it| it.preconditions = vec![expect("a", "1")])),
        ended("ended, with preconditions", one("ended", |it| it.preconditions = vec![expect("a", "1")])),
        revision(
            "the revision comes first",
            one("attributes", |it| {
                it.etag = "\"7\"".to_owned();
                it.preconditions = vec![expect("a", "2")];
            }),
        ),
        attribute("the limit comes last", one("full", |it| it.preconditions = vec![expect("a", "1")])),
        case(
            "no place for what is required",
            one("no-list", |it| it.preconditions = vec![expect("a", "1")]),
            Code::FailedPrecondition,
            "CHANNEL_DATA_MALFORMED",
            409,
        ),
        case(
            "preconditions that break rules",
            one("there", |it| it.preconditions = vec![expect("\u{7}", "1"), expect("a", "{")]),
            Code::InvalidArgument,
            "INVALID_ATTRIBUTES",
            400,
        )
        .with(&[
            ("preconditions[0].key", "\u{7}", "no_control_characters"),
            ("preconditions[1].value", "a", "json"),
        ]),
        case(
            "keys to remove that break rules",
            one("there", |it| it.remove_keys = vec![" ".to_owned(), "k".to_owned()]),
            Code::InvalidArgument,
            "INVALID_ATTRIBUTES",
            400,
        )
        .with(&[("remove_keys[0]", " ", "not_blank"), ("remove_keys[1]", "k", "one_of")]),
        too_large("101 keys to remove", one("there", |it| it.remove_keys = vec!["x".to_owned(); 101])),
        too_large("101 preconditions", one("there", |it| it.preconditions = vec![expect("a", "1"); 101])),
        reused("a request id with other content", one("there", |it| it.request_id = USED.to_owned())),
        reused("a request id of another kind of call", end("there", |it| it.request_id = USED.to_owned())),
        reused(
            "a request id, and what is required",
            one("there", |it| {
                it.request_id = USED.to_owned();
                it.etag = "\"7\"".to_owned();
            }),
        ),
        parameter(
            "a request id that is too long",
            one("there", |it| it.request_id = "x".repeat(129)),
            "request_id",
            "request_id",
        ),
        parameter(
            "a request id with a space",
            one("there", |it| it.request_id = "a b".to_owned()),
            "request_id",
            "request_id",
        ),
        invalid_id("a bad id to end", end("..", |_| {})),
        nobody("nobody to end", end("nobody", |_| {})),
        ended("ended before", end("ended", |_| {})),
        parameter(
            "an end without a reason",
            end("there", |it| it.reason_code = String::new()),
            "reason_code",
            "name",
        ),
        parameter("a state that is too long", end("there", |it| it.state = "x".repeat(101)), "state", "name"),
        invalid_id("a bad id to delete", delete("..", "")),
        nobody("nobody to delete", delete("nobody", "")),
        invalid_id("a bad id to look back at", history("..", |_| {})),
        nobody("nobody to look back at", history("nobody", |_| {})),
        parameter("a key that is none", history("there", |it| it.key = " ".to_owned()), "key", "not_blank"),
        parameter(
            "less than no events",
            history("there", |it| it.page_size = -1),
            "page_size",
            "not_negative",
        ),
        parameter(
            "no page of a history",
            history("there", |it| it.page_token = "AAAA".to_owned()),
            "page_token",
            "page_token",
        ),
        parameter(
            "no page of a list",
            list(|it| it.page_token = "AAAA".to_owned()),
            "page_token",
            "page_token",
        ),
        parameter("less than no sessions", list(|it| it.page_size = -1), "page_size", "not_negative"),
        parameter(
            "a conversation that none can be",
            list(|it| it.conversation_id = "x".repeat(256)),
            "conversation_id",
            "length",
        ),
        invalid_id("a bad id to watch", watch(|it| it.channel_session_id = "..".to_owned())),
        parameter("no position", watch(|it| it.position = "nowhere".to_owned()), "position", "position"),
        parameter(
            "a position of another store",
            watch(|it| it.position = "x1~7".to_owned()),
            "position",
            "position",
        ),
        parameter(
            "a session and a conversation",
            watch(|it| {
                it.channel_session_id = "there".to_owned();
                it.conversation_id = "c".to_owned();
            }),
            "conversation_id",
            "one_of",
        ),
        case(
            "a key to watch that is none",
            watch(|it| it.keys = vec!["a".to_owned(), " ".to_owned()]),
            Code::InvalidArgument,
            "INVALID_PARAMETER",
            400,
        )
        .with(&[("keys[1]", " ", "not_blank")]),
        too_large("101 keys to watch", watch(|it| it.keys = vec!["a".to_owned(); 101])),
    ]
}

//! The contract's errors: one table of cases, driven over gRPC and over REST, which have to agree.

use channel_session_api::v1::{
    CreateChannelSessionRequest, GetChannelSessionRequest, UpdateDataRequest,
    channel_session_service_client::ChannelSessionServiceClient,
};
use http::Method;
use tonic::{Code, Status, transport::Channel};

use crate::support::{Failure, Front, Rest, Service, Store, on_both_stores, raw};

on_both_stores!(the_table_holds_in_one_process, the_table_holds_through_a_gateway_alone);

async fn the_table_holds_in_one_process(store: Store) {
    hold(&Service::start(store).await).await;
}

async fn the_table_holds_through_a_gateway_alone(store: Store) {
    hold(&Service::with(store, Front::Alone, &[]).await).await;
}

/// What is called, in the same words for both transports.
enum Call {
    Update { id: String, body: String },
    Create { document: String },
    Get { id: String },
}

struct Case {
    name: &'static str,
    call: Call,
    code: Code,
    reason: &'static str,
    http: u16,
    /// Field, key and rule of each violation, as far as they are listed.
    violations: Vec<(&'static str, &'static str, &'static str)>,
}

fn update(id: &str, body: impl Into<String>) -> Call {
    Call::Update { id: id.to_owned(), body: body.into() }
}

fn create(document: impl Into<String>) -> Call {
    Call::Create { document: document.into() }
}

fn get(id: &str) -> Call {
    Call::Get { id: id.to_owned() }
}

fn case(name: &'static str, call: Call, code: Code, reason: &'static str, http: u16) -> Case {
    Case { name, call, code, reason, http, violations: Vec::new() }
}

impl Case {
    fn with(mut self, violations: &[(&'static str, &'static str, &'static str)]) -> Self {
        self.violations = violations.to_vec();
        self
    }
}

const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

/// Sessions that the cases need.
const SESSIONS: [(&str, &str); 5] = [
    ("full", r#"{"channelData":{"additionalAttributes":[1,2,3,4,5,6,7,8,9,10]}}"#),
    ("ended", r#"{"isActive":false,"channelData":5}"#),
    ("no-object", r#"{"channelData":5}"#),
    ("no-list", r#"{"channelData":{"additionalAttributes":{}}}"#),
    ("there", r#"{"id":"there"}"#),
];

fn cases() -> Vec<Case> {
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

async fn hold(service: &Service) {
    for (id, document) in SESSIONS {
        service.create(id, document).await;
    }
    // What an update makes of a document can also be too large: 2 MiB less what is not enough for an attribute.
    let almost = format!(r#"{{"id":"almost","x":"{}"}}"#, "x".repeat((2 << 20) - 60));
    service.create("almost", &almost).await;
    let outgrown =
        case("an update over 2 MiB", update("almost", ONE), Code::InvalidArgument, "DOCUMENT_TOO_LARGE", 400);

    let (mut grpc, rest) = (service.grpc().await, service.rest());
    for case in cases().into_iter().chain([outgrown]) {
        let name = case.name;
        let status = over_grpc(&mut grpc, &case.call).await.expect_err(name);
        assert_eq!(status.code(), case.code, "{name}: {status:?}");
        let failure = Failure::from_status(&status);
        assert_eq!(failure.reason, case.reason, "{name}: {failure:?}");
        assert_eq!(failure.rules(), case.violations, "{name}");
        assert_eq!(failure.total, case.violations.len(), "{name}");
        assert!(!failure.detail.is_empty() && !failure.outcome_unknown, "{name}: {failure:?}");

        let answer = over_rest(&rest, &case.call).await;
        assert_eq!(answer.status, case.http, "{name}: {answer:?}");
        let problem = answer.failure();
        // Sizes are told as each transport measures them; all else is the same.
        if case.reason == "REQUEST_TOO_LARGE" {
            assert_eq!((problem.reason, problem.violations), (failure.reason, failure.violations), "{name}");
        } else {
            assert_eq!(problem, failure, "{name}");
        }
    }
}

async fn over_grpc(client: &mut ChannelSessionServiceClient<Channel>, call: &Call) -> Result<(), Status> {
    match call {
        Call::Update { id, body } => {
            let (channel_session_id, attributes_json) = (id.clone(), Some(body.clone()));
            let request = UpdateDataRequest { channel_session_id, attributes_json, ..Default::default() };
            client.update_data(request).await.map(drop)
        }
        Call::Create { document } => {
            let document_json = Some(document.clone());
            let request = CreateChannelSessionRequest { document_json, ..Default::default() };
            client.create_channel_session(request).await.map(drop)
        }
        Call::Get { id } => {
            let request = GetChannelSessionRequest { channel_session_id: id.clone(), view: 0 };
            client.get_channel_session(request).await.map(drop)
        }
    }
}

async fn over_rest(rest: &Rest, call: &Call) -> crate::support::rest::Answer {
    match call {
        Call::Update { id, body } => rest.update(id, body.clone()).await,
        Call::Create { document } => rest.create(document.clone()).await,
        Call::Get { id } => rest.get(id).await,
    }
}

/// Method, path, body, headers, status and reason.
type RestCase =
    (Method, &'static str, &'static str, &'static [(&'static str, &'static str)], u16, &'static str);

#[tokio::test]
async fn what_only_rest_can_get_wrong() {
    let service = Service::start(Store::Sqlite).await;
    let rest = service.rest();
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    const LATIN1: &[(&str, &str)] = &[("content-type", "application/json; charset=iso-8859-1")];
    const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
    const GZIP: &[(&str, &str)] = &[("content-type", "application/json"), ("content-encoding", "gzip")];
    let cases: &[RestCase] = &[
        (Method::PUT, "/forms", "[]", JSON, 400, "CHANNEL_SESSION_ID_REQUIRED"),
        (Method::PUT, "/forms/", "[]", JSON, 400, "CHANNEL_SESSION_ID_REQUIRED"),
        (Method::PUT, "/forms/%ff", "[]", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::PUT, "/forms/%2e%2e", "", JSON, 400, "INVALID_CHANNEL_SESSION_ID"),
        (Method::PUT, "/forms/x", "", JSON, 400, "BODY_REQUIRED"),
        (Method::PUT, "/forms/x", " \n", JSON, 400, "BODY_REQUIRED"),
        (Method::POST, "/channel-sessions", "", &[], 400, "BODY_REQUIRED"),
        (Method::PUT, "/forms/x", "[]", FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PUT, "/forms/x", "[]", LATIN1, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PUT, "/forms/x", "[]", GZIP, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::PUT, "/forms/..%2f", "[]", FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::GET, "/forms/x", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/forms", "[]", JSON, 405, "METHOD_NOT_ALLOWED"),
        (Method::DELETE, "/channel-sessions", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::PUT, "/channel-sessions/x", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::POST, "/healthz", "", &[], 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/", "", &[], 404, "NOT_FOUND"),
        (Method::PUT, "/forms/a/b", "[]", JSON, 404, "NOT_FOUND"),
        (Method::GET, "/Forms/x", "", &[], 404, "NOT_FOUND"),
    ];
    for (method, path, body, headers, status, reason) in cases {
        let answer = rest.send(method.clone(), path, *body, headers).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.failure().reason),
            (*status, *reason),
            "{method} {path}"
        );
        assert_eq!(answer.headers.contains_key("allow"), *status == 405, "{method} {path}");
        assert!(answer.headers.contains_key("x-request-id"), "{method} {path}");
    }
    // Both of these are JSON.
    for headers in [&[][..], &[("content-type", "application/vnd.api+json; charset=utf-8")]] {
        let answer = rest.send(Method::PUT, "/forms/64e2f08a6155b317cd3f88fd", "[]", headers).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn what_the_framework_finds_has_a_reason_too() {
    let service = Service::start(Store::Sqlite).await;
    let address = service.server.address("grpc");
    let cases: [(&str, &[u8], &str, Code, &str); 5] = [
        ("UpdateDate", b"", "identity", Code::Unimplemented, "NOT_FOUND"),
        ("UpdateData", b"\xff\xff\xff", "identity", Code::InvalidArgument, "MALFORMED_BODY"),
        // Field 1, three bytes, which are not UTF-8.
        ("UpdateData", b"\x0a\x03a\xffb", "identity", Code::InvalidArgument, "MALFORMED_BODY"),
        ("UpdateData", b"", "br", Code::Unimplemented, "UNSUPPORTED_MEDIA_TYPE"),
        ("UpdateData", &[0; 5 << 20], "identity", Code::OutOfRange, "REQUEST_TOO_LARGE"),
    ];
    for (method, message, encoding, code, reason) in cases {
        let status = raw::call(address, method, message, &[("grpc-encoding", encoding)]).await;
        assert_eq!(status.code(), code, "{method} {encoding}: {status:?}");
        assert_eq!(Failure::from_status(&status).reason, reason, "{method} {encoding}");
    }
}

#[tokio::test]
async fn many_violations_are_cut_to_what_clients_take_and_counted() {
    let service = Service::start(Store::Sqlite).await;
    let attribute = format!(r#"{{"key":"{}","type":"no such type","value":1}}"#, "💬".repeat(255));
    let body = format!("[{}]", vec![attribute; 100].join(","));
    let answer = service.rest().update("x", body.clone()).await;
    let problem = answer.failure();
    assert_eq!(problem.total, 100);
    assert!((1..100).contains(&problem.violations.len()), "{}", problem.violations.len());

    let request = UpdateDataRequest {
        channel_session_id: "x".to_owned(),
        attributes_json: Some(body),
        ..Default::default()
    };
    let status = service.grpc().await.update_data(request).await.unwrap_err();
    assert_eq!(Failure::from_status(&status), problem);
}

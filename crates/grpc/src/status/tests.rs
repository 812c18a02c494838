//! The error table: each reason's code and name, held to the contract in `proto/`, and what its details carry.

use channel_session_api::FILE_DESCRIPTOR_SET;
use domain::{
    attribute::Attributes,
    session::{Document, Id},
    value_type::ValueRules,
};
use prost_types::{EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};

use super::*;

const TABLE: [(Reason, &str, Code); 26] = [
    (Reason::ChannelSessionIdRequired, "CHANNEL_SESSION_ID_REQUIRED", Code::InvalidArgument),
    (Reason::InvalidChannelSessionId, "INVALID_CHANNEL_SESSION_ID", Code::InvalidArgument),
    (Reason::BodyRequired, "BODY_REQUIRED", Code::InvalidArgument),
    (Reason::MalformedBody, "MALFORMED_BODY", Code::InvalidArgument),
    (Reason::InvalidAttributes, "INVALID_ATTRIBUTES", Code::InvalidArgument),
    (Reason::TooManyAttributes, "TOO_MANY_ATTRIBUTES", Code::InvalidArgument),
    (Reason::InvalidDocument, "INVALID_DOCUMENT", Code::InvalidArgument),
    (Reason::DocumentTooLarge, "DOCUMENT_TOO_LARGE", Code::InvalidArgument),
    (Reason::ChannelSessionNotFound, "CHANNEL_SESSION_NOT_FOUND", Code::NotFound),
    (Reason::NotFound, "NOT_FOUND", Code::Unimplemented),
    (Reason::MethodNotAllowed, "METHOD_NOT_ALLOWED", Code::Unimplemented),
    (Reason::ChannelSessionExists, "CHANNEL_SESSION_EXISTS", Code::AlreadyExists),
    (Reason::ChannelSessionNotActive, "CHANNEL_SESSION_NOT_ACTIVE", Code::FailedPrecondition),
    (Reason::ChannelDataMalformed, "CHANNEL_DATA_MALFORMED", Code::FailedPrecondition),
    (Reason::RequestTooLarge, "REQUEST_TOO_LARGE", Code::OutOfRange),
    (Reason::UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", Code::Unimplemented),
    (Reason::Overloaded, "OVERLOADED", Code::ResourceExhausted),
    (Reason::Cancelled, "CANCELLED", Code::Cancelled),
    (Reason::Internal, "INTERNAL", Code::Internal),
    (Reason::StoreUnavailable, "STORE_UNAVAILABLE", Code::Unavailable),
    (Reason::DeadlineExceeded, "DEADLINE_EXCEEDED", Code::DeadlineExceeded),
    (Reason::AttributeMismatch, "ATTRIBUTE_MISMATCH", Code::Aborted),
    (Reason::RevisionMismatch, "REVISION_MISMATCH", Code::Aborted),
    (Reason::RequestIdReused, "REQUEST_ID_REUSED", Code::InvalidArgument),
    (Reason::InvalidParameter, "INVALID_PARAMETER", Code::InvalidArgument),
    (Reason::PositionExpired, "POSITION_EXPIRED", Code::OutOfRange),
];

#[test]
fn each_reason_has_its_name_and_its_code() {
    assert_eq!(TABLE.map(|(reason, ..)| reason), Reason::ALL);
    for (reason, name, expected) in TABLE {
        assert_eq!((reason.as_str(), code(reason)), (name, expected));
        assert_eq!(Reason::from_wire(name), Some(reason));
        let read = Details::of(&from_reason(reason, "why"));
        assert_eq!((&*read.info.reason, &*read.info.domain), (name, "channelsession.v1"));
    }
}

fn error_proto() -> FileDescriptorProto {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("compiled-in descriptors are whole");
    let file = set.file.into_iter().find(|file| file.name() == "channelsession/v1/error.proto");
    file.expect("the file of the errors")
}

fn reasons(file: &FileDescriptorProto) -> &EnumDescriptorProto {
    assert_eq!(file.enum_type.len(), 1);
    &file.enum_type[0]
}

#[test]
fn the_proto_s_enum_has_the_same_reasons_in_the_same_order() {
    let file = error_proto();
    let names: Vec<_> = reasons(&file)
        .value
        .iter()
        .map(|value| value.name().strip_prefix("REASON_").expect("the enum's prefix"))
        .collect();
    let (unspecified, sent) = names.split_first().expect("the enum has values");
    assert_eq!(*unspecified, "UNSPECIFIED");
    assert_eq!(sent, Reason::ALL.map(Reason::as_str));
}

#[test]
fn the_code_that_each_reason_s_comment_names_is_its_code() {
    let file = error_proto();
    let locations = &file.source_code_info.as_ref().expect("comments are part of the set").location;
    for ((reason, name, expected), number) in TABLE.into_iter().zip(1..) {
        // Field 5 of a file is its enums, and field 2 of an enum its values.
        let place = [5, 0, 2, number];
        let location = locations.iter().find(|location| location.path == place).expect(name);
        let comment = location.leading_comments().trim();
        let (first, _) = comment.split_once(',').expect(name);
        if first.bytes().all(|byte| byte.is_ascii_digit()) {
            // Such a reason is never sent over gRPC, so its code is nobody's business.
            assert!(comment.contains("REST only"), "{name}: {comment}");
            assert!(matches!(reason, Reason::BodyRequired | Reason::MethodNotAllowed), "{name}");
        } else {
            let camel_case = first.replace('_', "").to_ascii_lowercase();
            assert_eq!(camel_case, format!("{expected:?}").to_ascii_lowercase(), "{name}: {comment}");
        }
    }
}

/// What a status's details say.
struct Details {
    info: pb::ErrorInfo,
    retry: Option<pb::RetryInfo>,
    fields: Vec<pb::bad_request::FieldViolation>,
}

impl Details {
    fn of(status: &Status) -> Self {
        let message = pb::Status::decode(status.details()).expect("the details are a google.rpc.Status");
        assert_eq!((message.code, &*message.message), (status.code().into(), status.message()));
        let find = |name: &str| {
            let type_url = format!("type.googleapis.com/{name}");
            let mut found = message.details.iter().filter(|any| any.type_url == type_url);
            let any = found.next().map(|any| &*any.value);
            assert!(found.next().is_none(), "{name} is there twice");
            any
        };
        let info = find("google.rpc.ErrorInfo").expect("every error has an ErrorInfo");
        Self {
            info: pb::ErrorInfo::decode(info).expect("an ErrorInfo"),
            retry: find("google.rpc.RetryInfo").map(|it| pb::RetryInfo::decode(it).expect("a RetryInfo")),
            fields: find("google.rpc.BadRequest")
                .map(|it| pb::BadRequest::decode(it).expect("a BadRequest").field_violations)
                .unwrap_or_default(),
        }
    }

    fn metadata(&self, name: &str) -> Option<&str> {
        self.info.metadata.get(name).map(String::as_str)
    }
}

#[test]
fn only_what_may_pass_says_when_to_try_again() {
    for reason in Reason::ALL {
        let retry = Details::of(&from_reason(reason, "why")).retry;
        let may_pass = matches!(reason, Reason::Overloaded | Reason::StoreUnavailable);
        assert_eq!(retry.is_some(), may_pass, "{reason:?}");
        let delay = retry.map(|retry| retry.retry_delay.expect("a delay").seconds);
        assert!(delay.is_none_or(|seconds| (1..=60).contains(&seconds)), "{reason:?}: {delay:?}");
    }
}

#[test]
fn a_cause_is_for_the_log_alone() {
    let cause = || "secret: column x of table y".into();
    for error in [
        Error::Internal(cause()),
        Error::StoreUnavailable { outcome: Outcome::Unknown, cause: cause() },
        Error::StoreUnavailable { outcome: Outcome::NotApplied, cause: cause() },
    ] {
        let status = from_error(&error);
        let details = String::from_utf8_lossy(status.details());
        for hidden in ["secret", "column", "table"] {
            assert!(!status.message().contains(hidden) && !details.contains(hidden), "{status:?}");
        }
    }
}

#[test]
fn an_outcome_that_is_not_known_is_said_and_no_other() {
    let away = |outcome| Error::StoreUnavailable { outcome, cause: "away".into() };
    let id = || Id::parse("a").expect("an id");
    for (error, expected) in [
        (away(Outcome::Unknown), Some("unknown")),
        (Error::DeadlineExceeded(Outcome::Unknown), Some("unknown")),
        (away(Outcome::NotApplied), None),
        (Error::DeadlineExceeded(Outcome::NotApplied), None),
        (Error::NotFound(id()), None),
        (Error::Overloaded, None),
    ] {
        assert_eq!(Details::of(&from_error(&error)).metadata("outcome"), expected, "{error:?}");
    }
}

fn violation(number: usize, size: usize) -> Violation {
    Violation {
        field: format!("attributes[{number}].value"),
        key: Some("💬".repeat(size / 4)),
        rule: "String50",
        description: "x".repeat(size),
    }
}

#[test]
fn violations_are_listed_in_order_with_their_total() {
    let all: Vec<_> = (0..100).map(|number| violation(number, 100)).collect();
    let read = Details::of(&from_error(&Error::InvalidAttributes(all.clone())));
    assert_eq!(read.metadata("violations_total"), Some("100"));
    let listed = read.fields.iter().map(|it| {
        (&*it.field, read.metadata(&key_name(&it.field)).expect("a key"), &*it.reason, &*it.description)
    });
    let listed: Vec<_> = listed.collect();
    let expected =
        all.iter().map(|it| (&*it.field, it.key.as_deref().expect("a key"), it.rule, &*it.description));
    assert_eq!(listed, expected.collect::<Vec<_>>());
}

#[test]
fn without_violations_there_is_neither_a_list_nor_a_total() {
    let read = Details::of(&from_error(&Error::IdRequired));
    assert_eq!((read.fields.len(), read.metadata("violations_total")), (0, None));
}

/// Names of members are the caller's, and a path to a value is made of them.
#[test]
fn a_status_is_small_enough_for_trailers_whatever_a_request_names_its_members() {
    let name = "💬".repeat(64);
    let nested = |depth: usize| format!(r#"{{"{name}":"#).repeat(depth) + r#""\u0000""# + &"}".repeat(depth);
    let attribute = format!(r#"[{{"key":"k","type":"WebChannelData","value":{}}}]"#, nested(31));
    let of_attributes = Attributes::parse(&attribute, ValueRules::Strict).expect_err("U+0000 is refused");
    let document = format!(r#"{{"id":"a","{name}":{}}}"#, nested(62));
    let of_document = Document::parse(&document).expect_err("U+0000 is refused");
    for error in [of_attributes, of_document] {
        let mut response = from_error(&error).into_http::<()>();
        bound(response.headers_mut());
        let size: usize =
            response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 3 * 1024, "{:?}: the trailers take {size} bytes", error.reason());
    }
}

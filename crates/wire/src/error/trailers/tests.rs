//! Whatever an error says, its trailers stay small, and say as much as there is room for.

use domain::{
    Error, Reason,
    attribute::Attributes,
    error::Present,
    event::Entry,
    session::{Document, Id, Revision},
    value_type::ValueRules,
    violation::Violation,
};
use http::HeaderValue;
use json::Value;
use proptest::prelude::*;

use super::*;
use crate::error::{ErrorReply, status::VIOLATIONS_TOTAL, violation::key_name};

fn from_error(error: &Error) -> Status {
    ErrorReply::from(error).to_status()
}

/// The headers of an error as they are sent: after [`bound`], with what the server adds.
fn sent(error: &Error, request_id: &str) -> HeaderMap {
    let mut response = from_error(error).into_http::<()>();
    response.headers_mut().insert("x-request-id", HeaderValue::from_str(request_id).expect("visible ASCII"));
    bound(response.headers_mut());
    response.headers().clone()
}

/// Counted here again, as an HTTP/2 peer does.
fn bytes(headers: &HeaderMap) -> usize {
    let servers_own = ":status".len() + 3 + 32 + "date".len() + "Thu, 01 Jan 1970 00:00:00 GMT".len() + 32;
    servers_own + headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>()
}

fn details(headers: &HeaderMap) -> (Status, Parts, pb::ErrorInfo) {
    let status = Status::from_header_map(headers).expect("a status");
    let message = pb::Status::decode(status.details()).expect("a google.rpc.Status");
    assert_eq!((message.code, &*message.message), (status.code().into(), status.message()));
    let mut parts = Parts::of(message.details);
    let info = parts.info.take().expect("an ErrorInfo");
    (status, parts, info)
}

fn violation(number: usize, size: usize) -> Violation {
    let key = Some("💬".repeat(1 + size / 4));
    Violation { key, ..Violation::new(format!("attributes[{number}].value"), "String50", "x".repeat(size)) }
}

#[test]
fn as_many_violations_as_fit_are_kept_in_order_with_their_total() {
    for size in (0..2000).step_by(7) {
        let all: Vec<_> = (0..100).map(|number| violation(number, size)).collect();
        let headers = sent(&Error::InvalidAttributes(all.clone()), "id");
        assert!(bytes(&headers) < MAX_TRAILER_BYTES, "{size}: {}", bytes(&headers));
        let (_, parts, info) = details(&headers);
        assert_eq!(info.metadata.get(VIOLATIONS_TOTAL).map(String::as_str), Some("100"));
        for (kept, of) in parts.violations.iter().zip(&all) {
            assert_eq!(
                (&kept.field, &kept.description, &*kept.reason),
                (&of.field, &of.description, of.rule)
            );
            assert_eq!(info.metadata.get(&key_name(&kept.field)), of.key.as_ref());
        }
        // Besides, the total is there and nothing of what was left out.
        assert_eq!(info.metadata.len(), 1 + parts.violations.len());
        // One more takes so much in base64; what it and the lists are wrapped in is not counted.
        let names = "attributes[00].value".len() + "attributes_00_key".len() + "String50".len();
        let next = (2 * size + names) * 4 / 3;
        assert!(
            bytes(&headers) + next + 256 > MAX_TRAILER_BYTES,
            "{size}: only {} fit",
            parts.violations.len()
        );
    }
}

#[test]
fn what_fits_is_left_as_it_is() {
    let error = Error::InvalidAttributes(vec![violation(0, 100), violation(1, 100)]);
    let mut response = from_error(&error).into_http::<()>();
    let before = response.headers().clone();
    bound(response.headers_mut());
    assert_eq!(*response.headers(), before);
}

#[test]
fn answers_that_are_no_errors_are_nobodys_business_here() {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", HeaderValue::from_static("0"));
    headers.insert("large", HeaderValue::from_str(&"x".repeat(5000)).expect("a value"));
    let before = headers.clone();
    bound(&mut headers);
    assert_eq!(headers, before);
}

#[test]
fn the_beginning_of_a_long_message_is_left() {
    for (message, beginning) in
        [("a".repeat(9000), "aaa"), ("💬".repeat(9000), "💬💬💬"), ("% ".repeat(9000), "% %")]
    {
        let headers = sent(&Error::MalformedBody(message), "id");
        assert!(bytes(&headers) < MAX_TRAILER_BYTES, "{}", bytes(&headers));
        let (status, _, info) = details(&headers);
        assert!(status.message().contains(beginning) && status.message().ends_with("..."), "{status:?}");
        assert_eq!(info.reason, Reason::MalformedBody.as_str());
    }
}

/// What the framework says may be long too, and has no details.
#[test]
fn a_status_without_details_is_cut_too() {
    let mut response = Status::internal("é".repeat(5000)).into_http::<()>();
    bound(response.headers_mut());
    assert!(bytes(response.headers()) < MAX_TRAILER_BYTES);
    let status = Status::from_header_map(response.headers()).expect("a status");
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().starts_with("ééé"), "{status:?}");
}

fn any_text() -> impl Strategy<Value = String> {
    let unit = prop_oneof![Just("x"), Just("💬"), Just("%"), Just(" "), Just("é\n"), Just("\u{1}")];
    (unit, prop_oneof![0_usize..20, 0_usize..400, 0_usize..20_000])
        .prop_map(|(unit, count)| unit.repeat(count))
}

fn any_violation() -> impl Strategy<Value = Violation> {
    (any_text(), prop::option::of(any_text()), any_text())
        .prop_map(|(field, key, description)| Violation { key, ..Violation::new(field, "rule", description) })
}

fn any_error() -> impl Strategy<Value = Error> {
    let violations = || prop::collection::vec(any_violation(), 1..40);
    let text = || any_text().prop_map(|text| Value::String(text.into()));
    let present = ("[a-z💬]{1,255}", prop::option::of((prop::option::of(text()), prop::option::of(text()))));
    let present = present.prop_map(|(key, entry)| Present {
        key,
        revision: Revision::new(i64::MAX),
        entry: entry.map(|(value_type, value)| Entry { value_type, value }),
    });
    prop_oneof![
        violations().prop_map(Error::InvalidAttributes),
        violations().prop_map(Error::InvalidDocument),
        any_violation().prop_map(Error::InvalidParameter),
        present.prop_map(|present| Error::AttributeMismatch(Box::new(present))),
        any_text().prop_map(Error::MalformedBody),
        "[💬]{1,255}".prop_map(|id| Error::NotFound(Id::parse(&id).expect("an id"))),
        Just(Error::Overloaded),
    ]
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
        let size = bytes(response.headers());
        assert!(size < MAX_TRAILER_BYTES, "{:?}: the trailers take {size} bytes", error.reason());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_trailers_of_any_error_stay_small_and_say_what_it_is(error in any_error(), request_id in "[!-~]{1,128}") {
        let headers = sent(&error, &request_id);
        prop_assert!(bytes(&headers) < MAX_TRAILER_BYTES, "{}", bytes(&headers));
        prop_assert_eq!(headers.get("x-request-id").expect("it stays"), &*request_id);
        let whole = from_error(&error);
        let (status, parts, info) = details(&headers);
        prop_assert_eq!(status.code(), whole.code());
        prop_assert_eq!(&*info.reason, error.reason().as_str());
        let cut = status.message().strip_suffix("...").unwrap_or(status.message());
        prop_assert!(whole.message().starts_with(cut));
        let total = info.metadata.get(VIOLATIONS_TOTAL).map_or(0, |total| total.parse().expect("a number"));
        prop_assert_eq!(total, error.violations().len());
        prop_assert!(parts.violations.len() <= total);
        prop_assert_eq!(parts.mismatch.is_some(), matches!(error, Error::AttributeMismatch(_)));
    }
}

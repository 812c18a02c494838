//! What is reported of an attribute that is not as required, and what is left out of it.

use domain::event::Entry;
use json::Value;
use prost::Message;
use tonic_types::pb;

use super::{
    super::{ErrorReply, MAX_TRAILER_BYTES, bound},
    *,
};

fn from_error(error: &Error) -> tonic::Status {
    ErrorReply::from(error).to_status()
}

fn text(size: usize) -> Value {
    Value::String("x".repeat(size).into())
}

/// The details of a status for an entry, read as a client does.
fn details_of(key: &str, entry: Option<Entry>) -> MismatchDetails {
    let present = Present { key: key.to_owned(), revision: Revision::new(7), entry };
    let mut response = from_error(&Error::AttributeMismatch(Box::new(present))).into_http::<()>();
    bound(response.headers_mut());
    let status = tonic::Status::from_header_map(response.headers()).expect("a status");
    read(&status).expect("a mismatch")
}

fn read(status: &tonic::Status) -> Option<MismatchDetails> {
    let message = pb::Status::decode(status.details()).expect("a google.rpc.Status");
    let url = "type.googleapis.com/channelsession.v1.MismatchDetails";
    let any = message.details.into_iter().find(|any| any.type_url == url)?;
    Some(MismatchDetails::decode(&*any.value).expect("a MismatchDetails"))
}

fn entry(value_type: Value, value: Value) -> Option<Entry> {
    Some(Entry { value_type: Some(value_type), value: Some(value) })
}

#[test]
fn a_revision_that_is_not_the_one_required_is_reported() {
    let status = from_error(&Error::RevisionMismatch { revision: Revision::new(7) });
    let expected = MismatchDetails { revision: 7, etag: "\"7\"".to_owned(), ..MismatchDetails::default() };
    assert_eq!(read(&status), Some(expected));
    assert_eq!(read(&from_error(&Error::Overloaded)), None);
}

#[test]
fn an_attribute_that_is_absent_is_told_from_one_that_is_not_as_required() {
    let absent = details_of("k", None);
    assert_eq!((absent.revision, &*absent.key, absent.present), (7, "k", None));

    let number = store_testkit::parsed::value("12345678901234567890");
    let present = details_of("k", entry(text(3), number)).present.expect("the attribute");
    assert_eq!((&*present.key, &*present.r#type), ("k", "xxx"));
    assert!(present.value.is_some());
    assert_eq!(present.value_json.as_deref(), Some("12345678901234567890"));
}

#[test]
fn what_is_too_large_is_left_out_value_first() {
    for size in (0..5000).step_by(11) {
        let details = details_of("k", entry(text(3), text(size)));
        let present = details.present.expect("the attribute");
        assert_eq!((&*present.key, &*present.r#type), ("k", "xxx"));
        assert_eq!(present.value.is_none(), details.value_omitted, "{size}");
        // In base64 a value takes a third more, and it is there twice: typed, and as text. What is around it takes some
        // hundred bytes.
        assert!(details.value_omitted || size < MAX_TRAILER_BYTES * 3 / 4, "{size}");
        assert!(!details.value_omitted || size > MAX_TRAILER_BYTES * 3 / 8 - 500, "{size}");
    }
}

#[test]
fn a_type_of_any_length_leaves_nothing_but_that_there_is_an_attribute() {
    let longest = "💬".repeat(255);
    for (key, value_type, value) in [("k", 100_000, 1), (&*longest, 2000, 1), ("k", 100_000, 100_000)] {
        let details = details_of(key, entry(text(value_type), text(value)));
        assert_eq!((&*details.key, details.value_omitted), (key, true));
        assert_eq!(details.present, Some(Attribute::default()));
    }
    let half = "💬".repeat(100);
    let kept = details_of(&half, entry(text(50), text(50))).present.expect("the attribute");
    assert_eq!((&*kept.key, kept.value.is_some()), (&*half, true));
}

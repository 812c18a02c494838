//! Each reason as the contract's enum has it, and what a failure says.

use channel_session_api::v1::{Attribute, MismatchDetails};
use domain::{
    error::Present,
    event::Entry,
    request_id::RequestId,
    session::{Id, Revision},
};
use json::Value;
use tonic::Code;

use super::*;

#[test]
fn each_reason_is_one_of_the_contract_s() {
    for (reason, number) in Reason::ALL.into_iter().zip(1..) {
        assert_eq!(i32::from(proto(reason)), number, "{reason:?}");
    }
    assert!(v1::Reason::try_from(i32::try_from(Reason::ALL.len()).expect("few") + 1).is_err());
}

fn violation_of(field: &str) -> Violation {
    Violation { key: Some("k".to_owned()), ..Violation::new(field, "required", "must be given") }
}

/// One error for each reason that an error has.
fn errors() -> Vec<Error> {
    let id = || Id::parse("a").expect("an id");
    let present = Present { key: "k".to_owned(), revision: Revision::new(3), entry: None };
    vec![
        Error::IdRequired,
        Error::InvalidId(violation_of("channelSessionId")),
        Error::RequestTooLarge { what: "size in bytes", found: 2, limit: 1 },
        Error::MalformedBody("not JSON".to_owned()),
        Error::InvalidAttributes(vec![violation_of("attributes[0].key"), violation_of("attributes[1].key")]),
        Error::InvalidDocument(vec![violation_of("id")]),
        Error::DocumentTooLarge { found: 2, limit: 1 },
        Error::TooManyAttributes { found: 2, limit: 1 },
        Error::NotFound(id()),
        Error::Exists(id()),
        Error::NotActive(id()),
        Error::ChannelDataMalformed(domain::error::Malformed::ChannelData),
        Error::AttributeMismatch(Box::new(present)),
        Error::RevisionMismatch { revision: Revision::new(3) },
        Error::RequestIdReused(RequestId::parse("r").expect("a request id")),
        Error::InvalidParameter(violation_of("etag")),
        Error::PositionExpired,
        Error::Overloaded,
        Error::StoreUnavailable { outcome: Outcome::Unknown, cause: "secret".into() },
        Error::DeadlineExceeded(Outcome::Unknown),
        Error::Internal("secret".into()),
    ]
}

#[test]
fn a_failure_says_what_the_status_of_a_call_would_say() {
    for error in errors() {
        let (failure, status) = (failure(&error), super::super::from_error(&error));
        assert_eq!(Code::from(failure.code), status.code(), "{error:?}");
        assert_eq!(failure.message, status.message());
        assert_eq!(failure.reason().as_str_name(), format!("REASON_{}", error.reason().as_str()));
        assert_eq!(failure.violations.len(), error.violations().len());
        assert_eq!(failure.outcome_unknown, error.outcome() == Outcome::Unknown);
        let is_mismatch = matches!(error.reason(), Reason::AttributeMismatch | Reason::RevisionMismatch);
        assert_eq!(failure.mismatch.is_some(), is_mismatch, "{error:?}");
        assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
    }
}

#[test]
fn violations_and_values_are_whole_however_large() {
    let violations: Vec<_> = (0..300).map(|at| violation_of(&format!("attributes[{at}].value"))).collect();
    let failure = failure(&Error::InvalidAttributes(violations));
    assert_eq!(failure.violations.len(), 300);
    let expected = v1::Violation {
        field: "attributes[299].value".to_owned(),
        key: "k".to_owned(),
        rule: "required".to_owned(),
        description: "must be given".to_owned(),
    };
    assert_eq!(failure.violations[299], expected);

    let text = "x".repeat(100_000);
    let entry = Entry { value_type: None, value: Some(Value::String(text.clone().into())) };
    let present = Present { key: "k".to_owned(), revision: Revision::new(3), entry: Some(entry) };
    let kind = Some(prost_types::value::Kind::StringValue(text));
    let expected = MismatchDetails {
        revision: 3,
        etag: "\"3\"".to_owned(),
        key: "k".to_owned(),
        present: Some(Attribute {
            key: "k".to_owned(),
            value: Some(prost_types::Value { kind }),
            ..Attribute::default()
        }),
        value_omitted: false,
    };
    assert_eq!(super::failure(&Error::AttributeMismatch(Box::new(present))).mismatch, Some(expected));
}

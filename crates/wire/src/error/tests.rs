//! What is written is what is read, and no cause is written.

use std::borrow::Cow;

use channel_session_api::v1::{Attribute, Failure};
use domain::{
    error::{Malformed, Present},
    request_id::RequestId,
    session::{Id, Revision},
    violation::Violation as Broken,
};
use proptest::prelude::*;
use tonic::{Code, Status};

use super::*;

fn any_text() -> impl Strategy<Value = String> {
    "[a-z💬é\"% ]{0,20}"
}

/// A violation of one of the parts of a request; those of one attribute have the same key.
fn any_violations() -> impl Strategy<Value = Vec<Violation>> {
    let part = (0_usize..4, prop_oneof!["\\.value", "\\.type", "\\.value\\.[a-z💬\\[\\]0-9]{1,9}"]);
    let violation = (part, "[a-z_]{1,9}|String50|IP", any_text());
    let keys = prop::collection::vec(prop::option::of("[a-z💬 ]{1,9}"), 4);
    (prop::collection::vec(violation, 0..9), keys).prop_map(|(violations, keys)| {
        let violations = violations.into_iter().map(|((at, within), rule, description)| Violation {
            field: format!("attributes[{at}]{within}"),
            key: keys[at].clone(),
            rule: Cow::Owned(rule),
            description,
        });
        violations.collect()
    })
}

fn any_mismatch() -> impl Strategy<Value = MismatchDetails> {
    let present = (any_text(), any_text(), prop::option::of(any_text()));
    let present =
        present.prop_map(|(key, r#type, value_json)| Attribute { key, r#type, value: None, value_json });
    (1..i64::MAX, any_text(), prop::option::of(present), any::<bool>()).prop_map(
        |(revision, key, present, value_omitted)| MismatchDetails {
            revision,
            etag: format!("\"{revision}\""),
            key,
            present,
            value_omitted,
        },
    )
}

fn any_reply() -> impl Strategy<Value = ErrorReply> {
    let delay = prop::option::of((0_u64..100, 0_u32..1_000_000_000));
    let reason = prop::sample::select(&Reason::ALL[..]);
    let outcome = prop_oneof![Just(Outcome::NotApplied), Just(Outcome::Unknown)];
    let left_out = 0_usize..50;
    (reason, any_text(), any_violations(), left_out, prop::option::of(any_mismatch()), outcome, delay)
        .prop_map(|(reason, message, violations, left_out, mismatch, outcome, delay)| {
            let reply = ErrorReply::new(reason, message);
            let delay = delay.map(|(seconds, nanos)| Duration::new(seconds, nanos));
            ErrorReply {
                violations_total: violations.len() + left_out,
                violations,
                mismatch,
                outcome,
                retry_after: delay.or(reply.retry_after),
                ..reply
            }
        })
}

proptest! {
    #[test]
    fn a_status_says_what_was_written_into_it(reply in any_reply()) {
        let status = reply.to_status();
        prop_assert_eq!(status.code(), code(reply.reason));
        prop_assert_eq!(ErrorReply::from_status(&status), Some(reply.clone()));
        // Whatever the code is that another protocol asks for.
        prop_assert_eq!(ErrorReply::from_status(&reply.to_status_with(Code::Unknown)), Some(reply));
    }

    #[test]
    fn a_failure_says_what_was_written_into_it(reply in any_reply()) {
        let failure = Failure::from(reply.clone());
        prop_assert_eq!(Code::from(failure.code), code(reply.reason));
        // It lists every violation, and when to try again is the same for all of a batch.
        let retry_after = ErrorReply::new(reply.reason, "").retry_after;
        let whole = ErrorReply { violations_total: reply.violations.len(), retry_after, ..reply };
        prop_assert_eq!(ErrorReply::from_failure(failure), Some(whole));
    }
}

#[test]
fn what_the_service_has_not_written_says_nothing() {
    let of_another = ErrorReply::new(Reason::Internal, "why").to_status();
    let details = of_another.details().to_vec();
    let at = details.windows(ERROR_DOMAIN.len()).position(|part| part == ERROR_DOMAIN.as_bytes());
    let mut details_of_another = details;
    details_of_another[at.expect("the domain")] = b'x';
    for status in [
        Status::unavailable("connection refused"),
        Status::with_details(Code::Internal, "why", vec![1, 2, 3].into()),
        Status::with_details(Code::Internal, "why", details_of_another.into()),
    ] {
        assert_eq!(ErrorReply::from_status(&status), None, "{status:?}");
    }
    assert_eq!(ErrorReply::from_failure(Failure { reason: 1000, ..Failure::default() }), None);
    assert_eq!(ErrorReply::from_failure(Failure::default()), None);
}

/// One error for each reason that an error has.
fn errors() -> Vec<Error> {
    let id = || Id::parse("a").expect("an id");
    let violation =
        |field: &str| Broken { key: Some("k".to_owned()), ..Broken::new(field, "required", "must be given") };
    let present = Present { key: "k".to_owned(), revision: Revision::new(3), entry: None };
    vec![
        Error::IdRequired,
        Error::InvalidId(violation("channelSessionId")),
        Error::RequestTooLarge { what: "size in bytes", found: 2, limit: 1 },
        Error::MalformedBody("not JSON".to_owned()),
        Error::InvalidAttributes(vec![violation("attributes[0].key"), violation("attributes[1].key")]),
        Error::InvalidDocument(vec![violation("id")]),
        Error::DocumentTooLarge { found: 2, limit: 1 },
        Error::TooManyAttributes { found: 2, limit: 1 },
        Error::NotFound(id()),
        Error::Exists(id()),
        Error::NotActive(id()),
        Error::ChannelDataMalformed(Malformed::ChannelData),
        Error::AttributeMismatch(Box::new(present)),
        Error::RevisionMismatch { revision: Revision::new(3) },
        Error::RequestIdReused(RequestId::parse("r").expect("a request id")),
        Error::InvalidParameter(violation("etag")),
        Error::PositionExpired,
        Error::NotSupported("there is something else"),
        Error::Overloaded,
        Error::StoreUnavailable { outcome: Outcome::Unknown, cause: "secret".into() },
        Error::DeadlineExceeded(Outcome::Unknown),
        Error::Internal("secret".into()),
    ]
}

#[test]
fn an_error_says_all_but_its_cause() {
    for error in errors() {
        let reply = ErrorReply::from(&error);
        assert_eq!((reply.reason, &reply.message), (error.reason(), &error.to_string()));
        let pairs = reply.violations.iter().zip(error.violations());
        for (said, broken) in pairs {
            assert_eq!((&said.field, &*said.rule), (&broken.field, broken.rule));
            assert_eq!((&said.key, &said.description), (&broken.key, &broken.description));
        }
        assert_eq!(
            (reply.violations.len(), reply.violations_total),
            (error.violations().len(), error.violations().len())
        );
        assert_eq!(reply.outcome, error.outcome());
        let is_mismatch = matches!(error.reason(), Reason::AttributeMismatch | Reason::RevisionMismatch);
        assert_eq!(reply.mismatch.is_some(), is_mismatch, "{error:?}");
        let status = reply.to_status();
        let written = String::from_utf8_lossy(status.details()).into_owned() + status.message();
        assert!(!written.contains("secret"), "{status:?}");
        assert_eq!(ErrorReply::from_status(&status), Some(reply));
    }
}

#[test]
fn a_thousand_violations_are_listed_with_their_total() {
    let violations = vec![domain::violation::Violation::new("attributes[0]", "unknown", "is none"); 5000];
    let reply = ErrorReply::from(&Error::InvalidAttributes(violations));
    let decoded = ErrorReply::from_status(&reply.to_status()).expect("it is the service's");
    for reply in [reply, decoded] {
        assert_eq!((reply.violations.len(), reply.violations_total), (1000, 5000));
    }
}

/// Which is known better than by the reason.
#[test]
fn an_error_that_knows_when_the_next_call_may_be_says_so() {
    let over = |retry_after| ErrorReply::from(&Error::OverQuota { what: "a second", retry_after });
    let wait = Duration::from_millis(1500);
    let reply = over(Some(wait));
    assert_eq!((reply.reason, reply.retry_after), (Reason::Overloaded, Some(wait)));
    assert_eq!(ErrorReply::from_status(&reply.to_status()).expect("ours").retry_after, Some(wait));
    assert_eq!(over(None).retry_after, ErrorReply::from(&Error::Overloaded).retry_after);
}

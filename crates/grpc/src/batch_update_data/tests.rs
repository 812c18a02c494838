//! What a batch answers, and what it leaves out of an answer that would be too large.

use channel_session_api::v1::{
    Attribute, AttributePrecondition, ChannelSessionView, Failure, MismatchDetails, Reason,
    UpdateDataRequest, UpdateDataResponse, Violation, attribute_precondition::Expected,
    channel_session_service_server::ChannelSessionService,
};
use prost_types::{Struct, Value, value::Kind};
use tonic::Code;

use super::*;
use crate::over_memory::{call, create, service, update};

fn response(result: &UpdateDataResult) -> &UpdateDataResponse {
    match &result.result {
        Some(update_data_result::Result::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

fn failure(result: &UpdateDataResult) -> &Failure {
    match &result.result {
        Some(update_data_result::Result::Failure(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_update_has_its_own_result_in_its_place() {
    let service = service();
    create(&service, ["a".to_owned(), "b".to_owned()], "").await;
    let invalid = update("a", "", "1");
    let requests = vec![
        update("a", "k", "\"1\""),
        update("", "k", "\"1\""),
        update("nobody", "k", "\"1\""),
        invalid,
        update("a", "k", "\"2\""),
        update("b", "k", "\"1\""),
        update("a", "k", "\"2\""),
    ];
    let request = call(BatchUpdateDataRequest { requests });
    let results = service.batch_update_data(request).await.expect("an answer").into_inner().results;
    assert_eq!(results.len(), 7);
    for (at, revision, changed) in [(0, 2, true), (4, 3, true), (5, 2, true), (6, 3, false)] {
        let response = response(&results[at]);
        let session = response.channel_session.as_ref().expect("the session");
        assert_eq!((session.revision, response.changed), (revision, changed), "{at}");
    }
    for (at, reason) in [
        (1, Reason::ChannelSessionIdRequired),
        (2, Reason::ChannelSessionNotFound),
        (3, Reason::InvalidAttributes),
    ] {
        assert_eq!(failure(&results[at]).reason(), reason, "{at}");
    }
}

#[tokio::test]
async fn a_batch_has_a_number_of_updates() {
    let service = service();
    let of = |count| call(BatchUpdateDataRequest { requests: vec![update("a", "k", "1"); count] });
    let status = service.batch_update_data(of(1001)).await.expect_err("too many");
    assert_eq!(status.code(), Code::OutOfRange);
    assert_eq!(
        service.batch_update_data(of(1000)).await.expect("an answer").into_inner().results.len(),
        1000
    );
    assert_eq!(service.batch_update_data(of(0)).await.expect("an answer").into_inner().results, []);
}

#[tokio::test]
async fn an_answer_stays_small_enough_for_clients_whatever_is_stored() {
    let service = service();
    let ids = (0..30).map(|number| format!("session-{number}"));
    create(&service, ids.clone(), &"x".repeat(200_000)).await;
    let batch = |view: ChannelSessionView| {
        let one = |id: String| UpdateDataRequest { view: view.into(), ..update(&id, "k", "\"v\"") };
        call(BatchUpdateDataRequest { requests: ids.clone().map(one).collect() })
    };
    let answer =
        service.batch_update_data(batch(ChannelSessionView::Json)).await.expect("an answer").into_inner();
    assert!(answer.encoded_len() < 4 * 1024 * 1024);
    assert_eq!(answer.results.iter().filter(|result| !result.reduced).count(), 14);
    for (at, result) in answer.results.iter().enumerate() {
        let session = response(result).channel_session.as_ref().expect("the session");
        assert_eq!((session.id.as_deref(), session.revision), (Some(&*format!("session-{at}")), 2));
        assert_eq!((&*session.etag, session.document_json.is_empty()), ("\"2\"", result.reduced));
    }
    let answer =
        service.batch_update_data(batch(ChannelSessionView::Basic)).await.expect("an answer").into_inner();
    assert!(answer.results.iter().all(|result| !result.reduced));
}

#[test]
fn a_failure_is_reduced_to_what_happened() {
    let whole = Failure {
        code: Code::Aborted.into(),
        reason: Reason::AttributeMismatch.into(),
        message: "why".to_owned(),
        violations: vec![Violation { field: "x".repeat(100), ..Violation::default() }],
        mismatch: Some(MismatchDetails {
            revision: 3,
            present: Some(Attribute { key: "k".to_owned(), ..Default::default() }),
            ..MismatchDetails::default()
        }),
        outcome_unknown: false,
    };
    let result = update_data_result::Result::Failure(whole.clone());
    let result = UpdateDataResult { result: Some(result), reduced: false };
    let result = Whole { left: 1000 }.bound(result);
    assert_eq!((failure(&result), result.reduced), (&whole, false));
    let result = Whole { left: 100 }.bound(result);
    let mismatch = MismatchDetails {
        revision: 3,
        present: Some(Default::default()),
        value_omitted: true,
        ..MismatchDetails::default()
    };
    let expected = Failure { violations: Vec::new(), mismatch: Some(mismatch), ..whole };
    assert_eq!((failure(&result), result.reduced), (&expected, true));
}

/// Clients and servers decode at most 100 messages within each other.
#[test]
fn the_deepest_value_fits_into_a_batch() {
    let innermost = Value { kind: Some(Kind::BoolValue(true)) };
    let deepest = (0..domain::attribute::Attribute::MAX_VALUE_DEPTH).fold(innermost, |inner, _| {
        let fields = [("a".to_owned(), inner)].into();
        Value { kind: Some(Kind::StructValue(Struct { fields })) }
    });
    let attribute = Attribute { value: Some(deepest.clone()), ..Attribute::default() };
    let precondition = AttributePrecondition { key: String::new(), expected: Some(Expected::Value(deepest)) };
    let request = UpdateDataRequest {
        attributes: vec![attribute],
        preconditions: vec![precondition],
        ..UpdateDataRequest::default()
    };
    let request = BatchUpdateDataRequest { requests: vec![request] };
    assert_eq!(BatchUpdateDataRequest::decode(&*request.encode_to_vec()), Ok(request));
}

/// Each of a hundred attributes without anything breaks three rules.
#[tokio::test]
async fn violations_are_listed_up_to_a_number_of_them() {
    let empty = || UpdateDataRequest { attributes: vec![Attribute::default(); 100], ..update("a", "", "1") };
    let without_id = UpdateDataRequest { channel_session_id: String::new(), ..empty() };
    let requests = vec![empty(), empty(), empty(), empty(), without_id, empty()];
    let request = call(BatchUpdateDataRequest { requests });
    let results = service().batch_update_data(request).await.expect("an answer").into_inner().results;
    let listed: Vec<_> =
        results.iter().map(|result| (failure(result).violations.len(), result.reduced)).collect();
    assert_eq!(listed, [(300, false), (300, false), (300, false), (100, true), (0, false), (0, true)]);
    for at in [3, 5] {
        assert!(failure(&results[at]).message.ends_with("and 299 more"), "{}", failure(&results[at]).message);
    }
}

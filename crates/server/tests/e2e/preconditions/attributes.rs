//! What is required of attributes.

use channel_session_api::v1::{AttributePrecondition, UpdateDataRequest, attribute_precondition::Expected};
use http::Method;
use prost_types::value::Kind;

use super::{at, refused};
use crate::support::{
    Caller, Front, Service, Store,
    caller::{expect, expect_absent, patch, set},
    document::{value_of, values_of},
    failure::Mismatch,
    on_both_stores,
    rest::JSON,
};

on_both_stores!(
    an_attribute_is_required_exactly,
    a_value_too_large_for_trailers_is_left_out,
    a_change_is_nothing_without_what_it_requires,
);

async fn an_attribute_is_required_exactly(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let entries = [
        r#"{"key":"n","type":"Number","value":0.10}"#,
        r#"{"key":"big","type":"Number","value":12345678901234567890}"#,
        r#"{"key":"object","type":"WebChannelData","value":{"a":[1.0,null],"b":"x"}}"#,
        r#"{"key":"twice","type":"Number","value":1}"#,
        r#"{"key":"twice","type":"String50","value":"2"}"#,
        r#"{"key":"null","type":"Number","value":null}"#,
        r#"{"key":"odd","type":5}"#,
    ];
    let document = format!(r#"{{"channelData":{{"additionalAttributes":[{}]}}}}"#, entries.join(","));
    let present = |key: &str, value_type: &str, value: &str| {
        let value = (!value.is_empty()).then(|| value.to_owned());
        Some((key.to_owned(), value_type.to_owned(), value))
    };
    let refusals = [
        (expect("n", "0.1"), present("n", "Number", "0.10")),
        (expect("n", "\"0.10\""), present("n", "Number", "0.10")),
        (expect("big", "12345678901234567891"), present("big", "Number", "12345678901234567890")),
        (
            expect("object", r#"{"a":[1,null],"b":"x"}"#),
            present("object", "WebChannelData", r#"{"a":[1.0,null],"b":"x"}"#),
        ),
        // Each of several entries has to be as required, and the first that is not is reported.
        (expect("twice", "1"), present("twice", "String50", "\"2\"")),
        (expect("twice", "3"), present("twice", "Number", "1")),
        (expect_absent("twice"), present("twice", "Number", "1")),
        (expect_absent("null"), present("null", "Number", "null")),
        (expect("odd", "null"), present("odd", "", "")),
        (expect("N", "0.10"), None),
        (expect("none", "null"), None),
    ];
    service.create("x", &document).await;
    for (precondition, present) in refusals {
        let key = Some(precondition.key.clone());
        // One that holds comes before it, and one that does not behind it.
        let preconditions = vec![expect("n", "0.10"), precondition.clone(), expect("n", "1")];
        let request = UpdateDataRequest { preconditions, ..set("x", "k", "Number", 1) };
        let failure = refused(&grpc, &rest, &request).await;
        assert_eq!(failure.reason, "ATTRIBUTE_MISMATCH", "{precondition:?}");
        assert_eq!(failure.mismatch, Some(Box::new(Mismatch { key, present, ..*at(1) })), "{precondition:?}");
        assert_eq!(failure.violations, [], "{precondition:?}");
    }
    let answer = rest
        .send(Method::PATCH, "/channel-sessions/x", r#"{"preconditions":[{"key":"n","absent":true}]}"#, &JSON)
        .await;
    assert_eq!(answer.status, 409, "{answer:?}");

    // What is as required, in whatever words.
    let mut revision = 1;
    for precondition in [
        expect("n", "0.10"),
        expect("n", "1.0e-1"),
        expect("big", "12345678901234567890"),
        expect("object", r#"{ "b": "x", "a": [1.0, null] }"#),
        expect("null", "null"),
        expect_absent("none"),
    ] {
        for caller in [Caller::Grpc(grpc.clone()), Caller::Rest(rest.clone())] {
            let preconditions = vec![precondition.clone()];
            let request = UpdateDataRequest { preconditions, ..set("x", "count", "Number", revision) };
            let session =
                caller.update(&request).await.unwrap_or_else(|it| panic!("{precondition:?}: {it:?}"));
            revision += 1;
            assert_eq!(session.revision, revision);
        }
    }
    // A double that is meant is one that is written shortest.
    let double = |value: f64| {
        let expected = Some(Expected::Value(prost_types::Value { kind: Some(Kind::NumberValue(value)) }));
        let preconditions = vec![AttributePrecondition { key: "n".to_owned(), expected }];
        UpdateDataRequest { preconditions, ..set("x", "count", "Number", 0) }
    };
    let failure = Caller::Grpc(grpc.clone()).update(&double(0.1)).await.unwrap_err();
    assert_eq!(failure.reason, "ATTRIBUTE_MISMATCH");
    Caller::Grpc(grpc.clone()).update(&set("x", "n", "Number", "0.1")).await.unwrap();
    assert!(Caller::Grpc(grpc).update(&double(0.1)).await.is_ok());
}

async fn a_value_too_large_for_trailers_is_left_out(store: Store) {
    let service = Service::with(store, Front::Alone, &[]).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let large = format!("\"{}\"", "ä".repeat(10_000));
    service.create("x", "{}").await;
    let attach = |key: &str, value: &str| set("x", key, "WebChannelData", format!(r#"{{"a":{value}}}"#));
    Caller::Rest(rest.clone()).update(&attach("large", &large)).await.unwrap();
    Caller::Rest(rest.clone()).update(&attach("small", "\"ä\"")).await.unwrap();
    for (key, value) in [("large", None), ("small", Some(r#"{"a":"ä"}"#.to_owned()))] {
        let request =
            UpdateDataRequest { preconditions: vec![expect_absent(key)], ..set("x", "k", "Number", 1) };
        let failure = refused(&grpc, &rest, &request).await;
        let value_omitted = value.is_none();
        let present = Some((key.to_owned(), "WebChannelData".to_owned(), value));
        let expected = Mismatch { key: Some(key.to_owned()), present, value_omitted, ..*at(3) };
        assert_eq!(failure.mismatch, Some(Box::new(expected)));
    }
    // Keys and types that others have stored may be as long as a document.
    let long = "k".repeat(20_000);
    service
        .create(
            "y",
            &format!(
                r#"{{"channelData":{{"additionalAttributes":[{{"key":"k","type":"{long}","value":1}}]}}}}"#
            ),
        )
        .await;
    let request = UpdateDataRequest { preconditions: vec![expect("k", "2")], ..set("y", "k", "Number", 1) };
    let failure = refused(&grpc, &rest, &request).await;
    let present = Some((String::new(), String::new(), None));
    let expected = Mismatch { key: Some("k".to_owned()), present, value_omitted: true, ..*at(1) };
    assert_eq!(failure.mismatch, Some(Box::new(expected)));
}

async fn a_change_is_nothing_without_what_it_requires(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    service
        .create("x", r#"{"channelData":{"additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#)
        .await;
    // What is attached, removed and required, in one step: what is required is what was before.
    let request = UpdateDataRequest {
        remove_keys: vec!["a".to_owned()],
        preconditions: vec![expect("a", "1"), expect_absent("b")],
        ..set("x", "b", "Number", 2)
    };
    let session = Caller::Rest(rest.clone()).update(&request).await.unwrap();
    assert_eq!(
        (values_of(&session.document, "a"), value_of(&session.document, "b")),
        (vec![], "2".to_owned())
    );
    let failure = refused(&grpc, &rest, &request).await;
    assert_eq!(
        (&*failure.reason, failure.mismatch.unwrap().key.as_deref()),
        ("ATTRIBUTE_MISMATCH", Some("a"))
    );
    // All are checked where nothing is to be done, and where nothing is done.
    let nothing = UpdateDataRequest {
        attributes_json: Some("[]".to_owned()),
        preconditions: vec![expect("b", "3")],
        ..set("x", "", "", "")
    };
    assert_eq!(refused(&grpc, &rest, &nothing).await.reason, "ATTRIBUTE_MISMATCH");
    let validated = UpdateDataRequest { validate_only: true, ..nothing };
    assert_eq!(refused(&grpc, &rest, &validated).await.reason, "ATTRIBUTE_MISMATCH");
    // The revision comes first.
    let both = UpdateDataRequest { etag: "\"1\"".to_owned(), ..validated };
    assert_eq!(refused(&grpc, &rest, &both).await.reason, "REVISION_MISMATCH");
    assert_eq!(service.rest().get("x").await.revision(), 2);

    // Preconditions have rules of their own, and all that breaks them is reported.
    let preconditions = vec![
        expect("", "1"),
        expect("k", r#""\u0000""#),
        AttributePrecondition { key: "k".to_owned(), expected: Some(Expected::Absent(false)) },
    ];
    let broken = UpdateDataRequest { preconditions, ..set("x", "c", "Number", 3) };
    let failure = refused(&grpc, &rest, &broken).await;
    assert_eq!(failure.reason, "INVALID_ATTRIBUTES");
    let expected = [
        ("preconditions[0].key", "", "length"),
        ("preconditions[1].value", "k", "no_nul"),
        ("preconditions[2]", "k", "one_of"),
    ];
    assert_eq!(failure.rules(), expected, "{}", patch(&broken));
}

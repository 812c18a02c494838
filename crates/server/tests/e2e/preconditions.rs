//! What a caller requires of a session before its change, and what it is told where that does not hold.

use std::sync::Arc;

use channel_session_api::v1::{
    AttributePrecondition, EndChannelSessionRequest, UpdateDataRequest, attribute_precondition::Expected,
};
use http::Method;
use prost_types::value::Kind;
use tokio::sync::Barrier;

use crate::support::{
    Caller, Client, Failure, Front, Rest, Service, Store,
    caller::{expect, expect_absent, patch, set},
    document::{value_of, values_of},
    failure::Mismatch,
    json, on_both_stores,
    service::connect,
};

on_both_stores!(
    a_revision_that_is_required_guards_each_change,
    an_attribute_is_required_exactly,
    a_value_too_large_for_trailers_is_left_out,
    a_change_is_nothing_without_what_it_requires,
    of_callers_that_race_one_wins,
);

/// The update, refused over both transports, which have to agree on all that they tell.
async fn refused(grpc: &Client, rest: &Rest, request: &UpdateDataRequest) -> Failure {
    let over_grpc = Caller::Grpc(grpc.clone()).update(request).await.expect_err("over gRPC");
    let over_rest = Caller::Rest(rest.clone()).update(request).await.expect_err("over REST");
    assert_eq!(over_rest, over_grpc, "{request:?}");
    over_grpc
}

fn at(revision: i64) -> Box<Mismatch> {
    let etag = format!("\"{revision}\"");
    Box::new(Mismatch { revision, etag, key: None, present: None, value_omitted: false })
}

async fn a_revision_that_is_required_guards_each_change(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let callers = [Caller::Grpc(grpc.clone()), Caller::Rest(rest.clone())];
    service.create("x", "{}").await;
    let with = |etag: &str, value: i64| UpdateDataRequest {
        etag: etag.to_owned(),
        ..set("x", "k", "Number", value)
    };
    // What the reply gave is what the next change requires, in whichever words.
    let mut revision = 1;
    for words in ["\"{}\"", "*", "\"7777\", \"{}\"", "\"nonsense\",W/\"{}\",\"{}\"", " \"{}\" , "] {
        for caller in &callers {
            let etag = words.replace("{}", &revision.to_string());
            let session = caller.update(&with(&etag, revision)).await;
            revision += 1;
            assert_eq!(session.unwrap().revision, revision, "{etag}");
        }
    }
    for etag in
        ["\"1\"", "\"1\", \"2\"", &format!("W/\"{revision}\""), "\"nonsense\"", &format!("\"0{revision}\"")]
    {
        let failure = refused(&grpc, &rest, &with(etag, 0)).await;
        assert_eq!(failure.reason, "REVISION_MISMATCH", "{etag}");
        assert_eq!(failure.mismatch, Some(at(revision)), "{etag}");
        let answer = rest.send(Method::PUT, "/forms/x", "[]", &[("if-match", etag)]).await;
        assert_eq!((answer.status.as_u16(), answer.failure().mismatch), (412, Some(at(revision))), "{etag}");
    }
    for etag in ["7", "\"7", "*, \"7\"", "\"7\" \"8\""] {
        let failure = refused(&grpc, &rest, &with(etag, 0)).await;
        assert_eq!(
            (&*failure.reason, failure.rules()),
            ("INVALID_PARAMETER", vec![("etag", "", "etag")]),
            "{etag}"
        );
    }

    // In the body of a PATCH it is the same; there, and in the header, it must not differ.
    let send = async |body: &str, headers: &[(&str, &str)]| {
        rest.send(Method::PATCH, "/channel-sessions/x", body.to_owned(), headers).await
    };
    let answer = send(r#"{"etag":"\"1\""}"#, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.failure().mismatch), (412, Some(at(revision))));
    let answer = send(r#"{"etag":"\"1\""}"#, &[("if-match", "\"2\"")]).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (400, "MALFORMED_BODY"));
    let body = format!(r#"{{"etag":"\"{revision}\"","removeKeys":["k"]}}"#);
    let answer = send(&body, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (200, revision + 1), "{answer:?}");

    // An end can require it too.
    let (channel_session_id, reason_code) = ("x".to_owned(), "AGENT".to_owned());
    let etag = format!("\"{revision}\"");
    let end = EndChannelSessionRequest { channel_session_id, reason_code, etag, ..Default::default() };
    let failure = Failure::from_status(&grpc.clone().end_channel_session(end).await.unwrap_err());
    assert_eq!(failure.mismatch, Some(at(revision + 1)));
    let path = "/channel-sessions/x/end";
    let answer = rest.send(Method::POST, path, r#"{"reasonCode":"AGENT"}"#, &[("if-match", "\"1\"")]).await;
    assert_eq!((answer.status.as_u16(), answer.failure()), (412, failure));
}

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
        // Each of several entries has to be as required, and the first that is not is told.
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
        .send(Method::PATCH, "/channel-sessions/x", r#"{"preconditions":[{"key":"n","absent":true}]}"#, &[])
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

    // Preconditions have rules of their own, and all that breaks them is told.
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

async fn of_callers_that_race_one_wins(store: Store) {
    const CALLERS: usize = 8;
    const ROUNDS: usize = 10;
    let service = Service::start(store).await;
    let other = service.another(&[]);
    service
        .create("x", r#"{"channelData":{"additionalAttributes":[{"key":"n","type":"Number","value":0}]}}"#)
        .await;
    // All have read before anybody writes, at first.
    let start = Arc::new(Barrier::new(CALLERS));
    // Each caller counts one further than it has read, by whichever of the two it requires, until it has done so often
    // enough: if two of them won with the same number, the count would fall short.
    let callers: Vec<_> = (0..CALLERS)
        .map(|at| {
            let address = [&service.server, &other][at / 2 % 2].address("grpc");
            let rest = Rest::new([&service.server, &other][at % 2].address("http"));
            let start = start.clone();
            tokio::spawn(async move {
                let caller = if at % 2 == 0 {
                    Caller::Grpc(connect(address).await)
                } else {
                    Caller::Rest(rest.clone())
                };
                let (mut won, mut lost) = (0, 0);
                while won < ROUNDS {
                    let read = rest.get("x").await;
                    let count = value_of(&json(read.document()), "n");
                    let mut update = set("x", "n", "Number", count.parse::<usize>().unwrap() + 1);
                    if at < CALLERS / 2 {
                        update.etag = read.headers["etag"].to_str().unwrap().to_owned();
                    } else {
                        update.preconditions = vec![expect("n", &count)];
                    }
                    if won + lost == 0 {
                        start.wait().await;
                    }
                    match caller.update(&update).await {
                        Ok(_) => won += 1,
                        Err(failure) => {
                            assert!(failure.reason.ends_with("_MISMATCH"), "{failure:?}");
                            let present = failure.mismatch.unwrap();
                            assert!(present.revision > read.revision(), "{present:?}");
                            lost += 1;
                        }
                    }
                }
                lost
            })
        })
        .collect();
    let mut lost = 0;
    for caller in callers {
        lost += caller.await.unwrap();
    }
    assert!(lost >= CALLERS - 1, "only {lost} have lost");
    let answer = service.rest().get("x").await;
    assert_eq!(value_of(&json(answer.document()), "n"), (CALLERS * ROUNDS).to_string());
    assert_eq!(answer.revision(), 1 + i64::try_from(CALLERS * ROUNDS).unwrap());
}

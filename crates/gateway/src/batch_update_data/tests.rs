//! What becomes of a batch, and of its results.

use channel_session_api::v1::{ChannelSession, Reason, UpdateDataResponse};
use serde_json::json;

use super::*;
use crate::{headers::FromHeaders, problem::parsed};

fn read(text: &str) -> Result<BatchUpdateDataRequest, Problem> {
    let preference = Preference::read(&HeaderMap::new())?;
    Batch::read(text.to_owned())?.into_request(&preference)
}

#[test]
fn each_request_is_read_as_one_alone_would_be() {
    let request = read(
        r#"{"requests":[
            {"channelSessionId":"a","attributes":[{"key":"k","type":"Number","value":0.10}]},
            {"channel_session_id":"b","removeKeys":["k"],"requestId":"r"}
        ]}"#,
    )
    .expect("requests");
    let [a, b] = &*request.requests else { panic!("two: {request:?}") };
    assert_eq!(a.channel_session_id, "a");
    assert_eq!(a.attributes_json.as_deref(), Some(r#"[{"key":"k","type":"Number","value":0.10}]"#));
    assert_eq!((&*b.channel_session_id, &*b.remove_keys[0], &*b.request_id), ("b", "k", "r"));
}

#[test]
fn what_is_wrong_with_one_says_which_one_it_is() {
    for (text, place) in [
        (r#"{"requests":[{},{"foo":1}]}"#, "requests[1] must not have a member named \"foo\""),
        (r#"{"requests":[{"preconditions":[{"bar":1}]}]}"#, "requests[0].preconditions[0] must not"),
        (r#"{"requests":[[]]}"#, "requests[0] must be a JSON object"),
        ("[]", "the body must be a JSON object"),
    ] {
        let parsed = parsed(&read(text).expect_err(text));
        assert!(parsed["detail"].as_str().expect("text").contains(place), "{parsed}");
    }
}

#[test]
fn results_hold_the_document_as_it_is_or_a_problem() {
    let session = ChannelSession {
        etag: "\"3\"".to_owned(),
        document_json: r#"{"n":[0.10,12345678901234567890]}"#.to_owned(),
        ..ChannelSession::default()
    };
    let response = UpdateDataResponse { channel_session: Some(session.clone()), changed: true };
    let result = Some(update_data_result::Result::Response(response));
    let made = UpdateDataResult { result, ..UpdateDataResult::default() };
    let text = serde_json::to_string(&item(made, &HeaderMap::new()).expect("a result")).expect("JSON");
    let expected = r#"{"channelSession":{"n":[0.10,12345678901234567890]},"etag":"\"3\"","changed":true}"#;
    assert_eq!(text, expected);

    let session = ChannelSession { document_json: String::new(), ..session };
    let response = UpdateDataResponse { channel_session: Some(session), changed: true };
    let result = Some(update_data_result::Result::Response(response));
    let made = UpdateDataResult { result, reduced: true };
    let text = serde_json::to_string(&item(made, &HeaderMap::new()).expect("a result")).expect("JSON");
    assert_eq!(text, r#"{"etag":"\"3\"","changed":true,"reduced":true}"#);

    let failure = Failure {
        code: 5,
        reason: Reason::ChannelSessionNotFound.into(),
        message: "gone".to_owned(),
        ..Failure::default()
    };
    let result = Some(update_data_result::Result::Failure(failure));
    let failed = UpdateDataResult { result, ..UpdateDataResult::default() };
    let value = serde_json::to_value(item(failed, &HeaderMap::new()).expect("a result")).expect("JSON");
    let error = json!({
        "status": 404, "title": "Not Found", "detail": "gone", "reason": "CHANNEL_SESSION_NOT_FOUND",
    });
    assert_eq!(value, json!({ "error": error }));
}

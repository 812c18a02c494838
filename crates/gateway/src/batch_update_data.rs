//! `POST /batch-update-data`: `BatchUpdateData`, with its request as JSON: `{"requests": […]}`, each as the body of
//! `PATCH /channel-sessions/{channelSessionId}` with its `channelSessionId`. A path under `/channel-sessions/` would be
//! some session's. Of results that are `reduced` the service has left out what would have made the answer too large: the
//! document, or a problem's violations.

use axum::{body::Body, extract::State, response::Response};
use channel_session_api::v1::{BatchUpdateDataRequest, Failure, UpdateDataResult, update_data_result};
use http::{HeaderMap, request::Parts};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Gateway,
    body::{self, Types},
    headers, members,
    problem::Problem,
    query, reply, update_data,
    upstream::Effect,
};

#[derive(Serialize)]
struct Results {
    results: Vec<Item>,
}

/// What became of one update.
#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    #[serde(rename_all = "camelCase")]
    Made {
        /// Left out where the result is reduced.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel_session: Option<Box<RawValue>>,
        etag: String,
        changed: bool,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        reduced: bool,
    },
    Failed {
        error: Problem,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        reduced: bool,
    },
}

pub(crate) async fn batch_update_data(
    State(gateway): State<Gateway>,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    query::none(&parts)?;
    headers::refuse_conditions(&parts.headers, "each of the requests has its own etag and requestId")?;
    let (text, _share) = body::json(&gateway, &parts, body, Types::Json, wire::MAX_MESSAGE_BYTES).await?;
    let long_work = &gateway.options.budget.long_work;
    let request = long_work.run(|| read(&text)).await?;
    let effect = Effect::of(request.requests.iter().all(|request| request.validate_only));
    let response = gateway
        .call(&parts, effect, request, |mut client, request| async move {
            client.batch_update_data(request).await
        })
        .await?;
    let answer = || {
        let results = response.results.into_iter();
        let results = results.map(|result| item(result, &parts.headers)).collect::<Result<_, _>>()?;
        reply::json(&Results { results })
    };
    long_work.run(answer).await
}

fn read(text: &str) -> Result<BatchUpdateDataRequest, Problem> {
    let requests = members::of_body(text, |members| {
        let requests = members.list("requests")?.into_iter().enumerate();
        requests
            .map(|(at, raw)| {
                let place = format!("requests[{at}]");
                members::of(raw, &place, |members| {
                    update_data::read(members, &format!("{place}.preconditions"))
                })
            })
            .collect()
    })?;
    Ok(BatchUpdateDataRequest { requests })
}

fn item(result: UpdateDataResult, headers: &HeaderMap) -> Result<Item, Problem> {
    let reduced = result.reduced;
    Ok(match result.result {
        Some(update_data_result::Result::Response(response)) => {
            let session = response.channel_session.unwrap_or_default();
            Item::Made {
                channel_session: if reduced {
                    None
                } else {
                    Some(reply::within(session.id.as_deref(), session.document_json)?)
                },
                etag: session.etag,
                changed: response.changed,
                reduced,
            }
        }
        Some(update_data_result::Result::Failure(failure)) => {
            Item::Failed { error: Problem::from(failure).for_caller(headers), reduced }
        }
        None => Item::Failed { error: Failure::default().into(), reduced },
    })
}

#[cfg(test)]
mod tests {
    use channel_session_api::v1::{ChannelSession, Reason, UpdateDataResponse};
    use serde_json::json;

    use super::*;
    use crate::problem::told;

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
            let told = told(&read(text).expect_err(text));
            assert!(told["detail"].as_str().expect("text").contains(place), "{told}");
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
        let expected =
            r#"{"channelSession":{"n":[0.10,12345678901234567890]},"etag":"\"3\"","changed":true}"#;
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
}

//! A caller over either transport, for tests to which the transport makes no difference.

use std::{fmt::Display, time::Duration};

use channel_session_api::v1::{
    AttributePrecondition, ChannelSession, ChannelSessionView, UpdateDataRequest, UpdateDataResponse,
    attribute_precondition::Expected,
};
use http::Method;
use serde_json::{Value, json};
use tonic::{Response, Status};

use super::{
    Failure, Rest,
    rest::{Answer, encode},
    service::Client,
    timeout::within,
};

/// A caller over either transport.
#[derive(Clone)]
pub(crate) enum Caller {
    Grpc(Client),
    Rest(Rest),
}

/// A session as a reply shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) revision: i64,
    pub(crate) document: json::Value,
}

/// The update that gives one attribute a value, which is JSON text. Its reply holds the document.
pub(crate) fn set(id: &str, key: &str, value_type: &str, value: impl Display) -> UpdateDataRequest {
    let key = Value::from(key);
    UpdateDataRequest {
        channel_session_id: id.to_owned(),
        attributes_json: Some(format!(r#"[{{"key":{key},"type":"{value_type}","value":{value}}}]"#)),
        view: ChannelSessionView::Json.into(),
        ..Default::default()
    }
}

/// An attribute has to have this value, which is JSON text.
pub(crate) fn expect(key: &str, value: &str) -> AttributePrecondition {
    let expected = Some(Expected::ValueJson(value.to_owned()));
    AttributePrecondition { key: key.to_owned(), expected }
}

/// There may be no attribute with this key.
pub(crate) fn expect_absent(key: &str) -> AttributePrecondition {
    AttributePrecondition { key: key.to_owned(), expected: Some(Expected::Absent(true)) }
}

impl Caller {
    /// Makes an update.
    pub(crate) async fn update(&self, request: &UpdateDataRequest) -> Result<Session, Failure> {
        self.try_update(request).await.unwrap_or_else(|| panic!("no answer came to {request:?}"))
    }

    /// Makes an update; none if no answer came, or one that does not say what became of it.
    pub(crate) async fn try_update(&self, request: &UpdateDataRequest) -> Option<Result<Session, Failure>> {
        let says_nothing = |failure: &Failure| {
            ["STORE_UNAVAILABLE", "OVERLOADED", "DEADLINE_EXCEEDED"].contains(&&*failure.reason)
        };
        self.ask(request).await.filter(|result| !result.as_ref().is_err_and(says_nothing))
    }

    /// Asks for an update; none if no answer came.
    pub(crate) async fn ask(&self, request: &UpdateDataRequest) -> Option<Result<Session, Failure>> {
        let answer = async {
            match self {
                Self::Grpc(client) => answer(client.clone().update_data(request.clone()).await),
                Self::Rest(rest) => {
                    let answer = send(rest, request).await?;
                    let is_made = answer.status.is_success();
                    Some(if is_made { Ok((&answer).into()) } else { Err(answer.failure()) })
                }
            }
        };
        tokio::time::timeout(SILENCE, answer).await.ok().flatten()
    }
}

/// Who has had no answer for so long will get none: the service has a shorter limit. A client library need not notice
/// when a server is killed under its hands.
const SILENCE: Duration = Duration::from_secs(20);

/// What came over gRPC; none if the client has nothing from the service.
pub(crate) fn answer(
    result: Result<Response<UpdateDataResponse>, Status>,
) -> Option<Result<Session, Failure>> {
    match result {
        Ok(response) => Some(Ok(response.into_inner().channel_session.unwrap().into())),
        // What the client finds out by itself has no details.
        Err(status) if status.details().is_empty() => None,
        Err(status) => Some(Err(Failure::from_status(&status))),
    }
}

/// Makes an update again and again, each time as whichever caller there is by then, until it is answered.
pub(crate) async fn until_answered(
    mut caller: impl FnMut() -> Caller,
    request: &UpdateDataRequest,
) -> Session {
    within("an answer", async {
        loop {
            if let Some(answer) = caller().try_update(request).await {
                return answer.unwrap_or_else(|failure| panic!("{failure:?}"));
            }
            // As callers do: not at once.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

/// `PUT /forms/{id}` if that can say it, or else `PATCH /channel-sessions/{id}`.
pub(crate) async fn send(rest: &Rest, request: &UpdateDataRequest) -> Option<Answer> {
    let id = encode(&request.channel_session_id);
    let attributes = request.attributes_json.clone().unwrap_or_else(|| "[]".to_owned());
    let mut headers = vec![("content-type", "application/json")];
    headers.extend((!request.etag.is_empty()).then_some(("if-match", &*request.etag)));
    headers.extend((!request.request_id.is_empty()).then_some(("idempotency-key", &*request.request_id)));
    let is_plain =
        request.remove_keys.is_empty() && request.preconditions.is_empty() && !request.validate_only;
    let sent = if is_plain {
        rest.try_send(Method::PUT, &format!("/forms/{id}"), attributes, &headers).await
    } else {
        let body = patch(request);
        rest.try_send(Method::PATCH, &format!("/channel-sessions/{id}"), body, &headers).await
    };
    sent.ok()
}

/// A request as JSON, attributes as the text that they are. What headers can say is left to them.
pub(crate) fn patch(request: &UpdateDataRequest) -> String {
    let preconditions = request.preconditions.iter().map(|it| match it.expected.as_ref().unwrap() {
        Expected::ValueJson(text) if json::syntax(text).is_ok() => {
            format!(r#"{{"key":{},"value":{text}}}"#, json!(it.key))
        }
        Expected::ValueJson(text) => json!({ "key": it.key, "valueJson": text }).to_string(),
        Expected::Absent(absent) => json!({ "key": it.key, "absent": absent }).to_string(),
        Expected::Value(_) => panic!("JSON has no doubles"),
    });
    format!(
        r#"{{"attributes":{},"removeKeys":{},"preconditions":[{}],"validateOnly":{}}}"#,
        request.attributes_json.as_deref().unwrap_or("[]"),
        json!(request.remove_keys),
        preconditions.collect::<Vec<_>>().join(","),
        request.validate_only,
    )
}

impl From<ChannelSession> for Session {
    fn from(session: ChannelSession) -> Self {
        assert_eq!(session.etag, format!("\"{}\"", session.revision));
        Self { revision: session.revision, document: super::json(&session.document_json) }
    }
}

impl From<&Answer> for Session {
    fn from(answer: &Answer) -> Self {
        Self { revision: answer.revision(), document: super::json(answer.document()) }
    }
}

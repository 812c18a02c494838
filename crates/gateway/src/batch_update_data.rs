//! `BatchUpdateData`, with its request as JSON: `{"requests": […]}`, each as the body of the update of one session with its
//! `channelSessionId`. A path under `/channel-sessions/` would be some session's. Of results that are `reduced` the service
//! has left out what would have made the answer too large: the document, or a problem's violations.

use axum::response::IntoResponse;
use channel_session_api::v1::{
    BatchUpdateDataRequest, ChannelSessionView, Failure, UpdateDataResult, update_data_result,
};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    body::{self, Body, Content},
    headers::{Headers, Preference, Unconditional},
    openapi::ChannelSessionDocument,
    problem::Problem,
    query::{Nothing, Query},
    reply::{self, Reply},
    update_data::Update,
    upstream::{Call, Effect},
};

/// Updates to make, each on its own.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "BatchUpdateDataRequest")]
pub(crate) struct Batch {
    /// The updates, each with its `channelSessionId`. Those of one session are made in this order.
    #[schemars(length(max = wire::MAX_UPDATES))]
    requests: Vec<Update>,
}

impl Content for Batch {
    const MAX_BYTES: usize = wire::MAX_MESSAGE_BYTES;
    const IS_LONG: bool = true;

    fn read(text: String) -> Result<Self, Problem> {
        body::from_json(&text)
    }
}

/// What became of the updates.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchUpdateDataResults")]
pub(crate) struct Results {
    /// One for each request, in order.
    results: Vec<Item>,
}

/// What became of one update.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "UpdateDataResult")]
enum Item {
    /// It was made, or changed nothing.
    #[serde(rename_all = "camelCase")]
    Made {
        /// Left out where the result is reduced, and where the view is without it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "ChannelSessionDocument")]
        channel_session: Option<Box<RawValue>>,
        /// The revision that the session has now, as an entity tag.
        etag: String,
        /// Whether the update changed anything.
        changed: bool,
        /// Whether the document was left out, since the results before it fill the answer.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        reduced: bool,
    },
    /// It was refused, or failed.
    Failed {
        error: Problem,
        /// Whether violations, or the attribute that is not as required, were left out, since the results before it fill the
        /// answer.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        reduced: bool,
    },
}

pub(crate) async fn update(
    call: Call,
    Query(Nothing {}): Query<Nothing>,
    Headers(Unconditional): Headers<Unconditional>,
    Headers(preference): Headers<Preference>,
    Body(batch, _share): Body<Batch>,
) -> Result<Reply<Results>, Problem> {
    let request = batch.into_request(&preference)?;
    let effect = Effect::of(request.requests.iter().all(|request| request.validate_only));
    let is_basic = request.requests.iter().all(|request| request.view() == ChannelSessionView::Basic);
    let (response, counted) = call
        .make_counted(effect, request, |mut client, request| async move {
            client.batch_update_data(request).await
        })
        .await?;
    let results = response.results.into_iter();
    let results = results.map(|result| item(result, &call.parts.headers)).collect::<Result<_, _>>()?;
    let reply = Reply::<Results>::json(&Results { results })?;
    let applied = preference.applied().filter(|_| is_basic);
    Ok(Reply::new((applied, reply.into_response())).made_with(counted))
}

impl Batch {
    fn into_request(self, preference: &Preference) -> Result<BatchUpdateDataRequest, Problem> {
        let requests = self.requests.into_iter().enumerate();
        let requests =
            requests.map(|(at, update)| update.into_request(&format!("requests[{at}]."), preference));
        Ok(BatchUpdateDataRequest { requests: requests.collect::<Result<_, _>>()? })
    }
}

fn item(result: UpdateDataResult, headers: &HeaderMap) -> Result<Item, Problem> {
    let reduced = result.reduced;
    Ok(match result.result {
        Some(update_data_result::Result::Response(response)) => {
            let session = response.channel_session.unwrap_or_default();
            Item::Made {
                channel_session: if session.document_json.is_empty() {
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
            Item::Failed { error: Problem::of_failure(failure, headers), reduced }
        }
        None => Item::Failed { error: Problem::of_failure(Failure::default(), headers), reduced },
    })
}

#[cfg(test)]
mod tests;

//! `DeleteChannelSession`. Answers without content, also where nothing was to be erased and that is allowed.

use channel_session_api::v1::DeleteChannelSessionRequest;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    headers::{Deletion, Headers},
    id::PathId,
    operation::Answer,
    problem::Problem,
    query::Query,
    reply::{Answers, Reply},
    upstream::{Call, Effect},
};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Parameters {
    allow_missing: bool,
    validate_only: bool,
}

/// A session that is not there.
pub(crate) struct Deleted;

impl Answers for Deleted {
    const ANSWERS: &'static [Answer] = &[Answer::empty(204)];
}

pub(crate) async fn delete(
    call: Call,
    PathId(id): PathId,
    Headers(Deletion { etag }): Headers<Deletion>,
    Query(Parameters { allow_missing, validate_only }): Query<Parameters>,
) -> Result<Reply<Deleted>, Problem> {
    let channel_session_id = id.as_str().to_owned();
    let request = DeleteChannelSessionRequest { channel_session_id, etag, allow_missing, validate_only };
    call.make(Effect::of(validate_only), request, |mut client, request| async move {
        client.delete_channel_session(request).await
    })
    .await?;
    Ok(Reply::new(StatusCode::NO_CONTENT))
}

//! `EndChannelSession`, with its request as JSON. The `:end` that the proposals for gRPC's twins have would be a part of the
//! id, which may hold colons.

use channel_session_api::v1::EndChannelSessionRequest;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    body::{self, Body, Content},
    headers::{Change, Headers, Preference, View},
    id::PathId,
    openapi::rules,
    problem::Problem,
    query::{Nothing, Query},
    reply::{Reply, Session},
    upstream::{Call, Effect},
};

/// Why a session ends.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EndChannelSessionRequest", extend("required" = ["reasonCode"]))]
pub(crate) struct End {
    #[schemars(schema_with = "rules::id_or_nothing")]
    channel_session_id: String,
    #[schemars(schema_with = "rules::name")]
    reason_code: String,
    #[schemars(schema_with = "rules::name_or_nothing")]
    state: String,
    view: Option<View>,
    #[schemars(schema_with = "rules::etag_or_nothing")]
    etag: String,
    #[schemars(schema_with = "rules::request_id_or_nothing")]
    request_id: String,
    validate_only: bool,
}

impl Content for End {
    fn read(text: String) -> Result<Self, Problem> {
        body::from_json(&text)
    }
}

pub(crate) async fn end(
    call: Call,
    id: PathId,
    Query(Nothing {}): Query<Nothing>,
    Headers(mut change): Headers<Change>,
    Headers(preference): Headers<Preference>,
    Body(end, _share): Body<End>,
) -> Result<Reply<Session>, Problem> {
    let request = EndChannelSessionRequest {
        channel_session_id: id.or_same(&end.channel_session_id)?,
        reason_code: end.reason_code,
        state: end.state,
        view: preference.view(end.view),
        etag: change.etag(end.etag)?,
        request_id: change.request_id(end.request_id)?,
        validate_only: end.validate_only,
    };
    let effect = Effect::of(request.validate_only);
    let (response, counted) = call
        .make_counted(effect, request, |mut client, request| async move {
            client.end_channel_session(request).await
        })
        .await?;
    Ok(Reply::session(StatusCode::OK, response.channel_session, &preference).made_with(counted))
}

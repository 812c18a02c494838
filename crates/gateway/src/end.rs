//! `POST /channel-sessions/{channelSessionId}/end`: `EndChannelSession`, with its request as JSON. The `:end` that the
//! proposals for gRPC's twins have would be a part of the id, which may hold colons.

use axum::{body::Body, extract::State, response::Response};
use channel_session_api::v1::{ChannelSessionView, EndChannelSessionRequest};
use domain::attribute::Attributes;
use http::{StatusCode, request::Parts};

use crate::{
    Gateway,
    body::{self, Types},
    headers,
    id::PathId,
    members,
    problem::Problem,
    query, reply,
    upstream::Effect,
};

pub(crate) async fn end(
    State(gateway): State<Gateway>,
    id: PathId,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    query::none(&parts)?;
    let (text, _share) =
        body::json(&gateway, &parts, body, Types::Json, Attributes::MAX_REQUEST_BYTES).await?;
    let request = read(&text)?;
    let request = EndChannelSessionRequest {
        channel_session_id: id.or_same(&request.channel_session_id)?,
        etag: headers::etag(&parts.headers, request.etag)?,
        request_id: headers::request_id(&parts.headers, request.request_id)?,
        ..request
    };
    let response = gateway
        .call(&parts, Effect::of(request.validate_only), request, |mut client, request| async move {
            client.end_channel_session(request).await
        })
        .await?;
    Ok(reply::document(StatusCode::OK, response.channel_session))
}

fn read(text: &str) -> Result<EndChannelSessionRequest, Problem> {
    members::of_body(text, |members| {
        Ok(EndChannelSessionRequest {
            channel_session_id: members.text("channelSessionId")?,
            reason_code: members.text("reasonCode")?,
            state: members.text("state")?,
            view: ChannelSessionView::Json.into(),
            etag: members.text("etag")?,
            request_id: members.text("requestId")?,
            validate_only: members.flag("validateOnly")?,
        })
    })
}

//! `PATCH /channel-sessions/{channelSessionId}`: the full form of `UpdateData`, with its request as JSON.
//!
//! The members are the request's. `attributes` is the list that `PUT /forms` takes too, `{key, type, value}` each, and
//! goes on as its text; `attributesJson` has that text in a string. What an attribute has to be is
//! `{key, value}`, `{key, valueJson}` or `{key, absent: true}`; a `value` of null means null.

mod request;

use axum::{body::Body, extract::State, response::Response};
use channel_session_api::v1::UpdateDataRequest;
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

pub(crate) use request::read;

pub(crate) async fn update_data(
    State(gateway): State<Gateway>,
    id: PathId,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    query::none(&parts)?;
    let (text, _share) =
        body::json(&gateway, &parts, body, Types::Json, Attributes::MAX_REQUEST_BYTES).await?;
    let request = members::of_body(&text, |members| read(members, "preconditions"))?;
    let request = UpdateDataRequest {
        channel_session_id: id.or_same(&request.channel_session_id)?,
        etag: headers::etag(&parts.headers, request.etag)?,
        request_id: headers::request_id(&parts.headers, request.request_id)?,
        ..request
    };
    let response = gateway
        .call(&parts, Effect::of(request.validate_only), request, |mut client, request| async move {
            client.update_data(request).await
        })
        .await?;
    Ok(reply::document(StatusCode::OK, response.channel_session))
}

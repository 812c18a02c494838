//! `PUT /forms/{channelSessionId}`: `UpdateData` for legacy callers. The body is the list of attributes, and goes on as it
//! came; a query is not looked at.

use axum::{body::Body, extract::State, response::Response};
use channel_session_api::v1::{ChannelSessionView, UpdateDataRequest};
use domain::{Error, attribute::Attributes};
use http::{StatusCode, request::Parts};

use crate::{
    Gateway,
    body::{self, Types},
    headers,
    id::PathId,
    problem::Problem,
    reply,
    upstream::Effect,
};

pub(crate) async fn update_data(
    State(gateway): State<Gateway>,
    PathId(id): PathId,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    let etag = headers::etag(&parts.headers, String::new())?;
    let request_id = headers::request_id(&parts.headers, String::new())?;
    let (text, _share) =
        body::json(&gateway, &parts, body, Types::JsonOrNone, Attributes::MAX_REQUEST_BYTES).await?;
    let request = UpdateDataRequest {
        channel_session_id: id.as_str().to_owned(),
        attributes_json: Some(text),
        view: ChannelSessionView::Json.into(),
        etag,
        request_id,
        ..UpdateDataRequest::default()
    };
    let response = gateway
        .call(&parts, Effect::Write, request, |mut client, request| async move {
            client.update_data(request).await
        })
        .await?;
    Ok(reply::document(StatusCode::OK, response.channel_session))
}

pub(crate) async fn without_id() -> Problem {
    Problem::from(&Error::IdRequired)
}

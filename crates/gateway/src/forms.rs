//! `PUT /forms/{channelSessionId}`: `UpdateData` for legacy callers.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use channel_session_api::v1::{ChannelSessionView, UpdateDataRequest};
use domain::{Error, attribute::Attributes};
use http::{StatusCode, request::Parts};

use crate::{Gateway, body, id::PathId, problem::Problem, reply, upstream::Effect};

pub(crate) async fn update_data(
    State(gateway): State<Gateway>,
    PathId(id): PathId,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    let (text, _share) = body::json(&gateway, &parts, body, Attributes::MAX_REQUEST_BYTES).await?;
    let request = UpdateDataRequest {
        channel_session_id: id.as_str().to_owned(),
        attributes: Vec::new(),
        attributes_json: Some(text),
        view: ChannelSessionView::Json.into(),
    };
    let response = gateway
        .call(&parts, Effect::Write, request, |mut client, request| async move {
            client.update_data(request).await
        })
        .await?;
    Ok(reply::document(StatusCode::OK, response.channel_session).into_response())
}

pub(crate) async fn without_id() -> Problem {
    Problem::from(&Error::IdRequired)
}

//! `/channel-sessions`: storing a session and returning it.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use channel_session_api::v1::{ChannelSessionView, CreateChannelSessionRequest, GetChannelSessionRequest};
use domain::session::Document;
use http::{HeaderValue, StatusCode, header::LOCATION, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Gateway, body, id::PathId, problem::Problem, reply, upstream::Effect};

pub(crate) async fn create(
    State(gateway): State<Gateway>,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    let (text, _share) = body::json(&gateway, &parts, body, Document::MAX_TEXT_BYTES).await?;
    let request = CreateChannelSessionRequest {
        document_json: Some(text),
        view: ChannelSessionView::Json.into(),
        ..CreateChannelSessionRequest::default()
    };
    let response = gateway
        .call(&parts, Effect::Write, request, |mut client, request| async move {
            client.create_channel_session(request).await
        })
        .await?;
    let session = response.channel_session.unwrap_or_default();
    let id = utf8_percent_encode(session.id(), RESERVED);
    let location = HeaderValue::from_str(&format!("/channel-sessions/{id}"));
    let mut response = reply::document(StatusCode::CREATED, Some(session)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// What has to be encoded in a segment of a path: all but the unreserved characters (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) async fn get(
    State(gateway): State<Gateway>,
    PathId(id): PathId,
    parts: Parts,
) -> Result<Response, Problem> {
    let request = GetChannelSessionRequest {
        channel_session_id: id.as_str().to_owned(),
        view: ChannelSessionView::Json.into(),
    };
    let response = gateway
        .call(&parts, Effect::Read, request, |mut client, request| async move {
            client.get_channel_session(request).await
        })
        .await?;
    Ok(reply::document(StatusCode::OK, response.channel_session).into_response())
}

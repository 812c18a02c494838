//! `GET /channel-sessions/{channelSessionId}`: `GetChannelSession`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use channel_session_api::v1::{ChannelSessionView, GetChannelSessionRequest};
use http::{StatusCode, header::ETAG, request::Parts};

use crate::{Gateway, headers, id::PathId, problem::Problem, reply, upstream::Effect};

pub(crate) async fn get(
    State(gateway): State<Gateway>,
    PathId(id): PathId,
    parts: Parts,
) -> Result<Response, Problem> {
    let request = GetChannelSessionRequest {
        channel_session_id: id.as_str().to_owned(),
        view: ChannelSessionView::Json.into(),
    };
    let (response, counted) = gateway
        .call_counted(&parts, Effect::Read, request, |mut client, request| async move {
            client.get_channel_session(request).await
        })
        .await?;
    let session = response.channel_session.unwrap_or_default();
    if headers::has_already(&parts.headers, &session.etag)? {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, session.etag)]).into_response());
    }
    reply::counted(&gateway, reply::document(StatusCode::OK, Some(session)), counted)
}

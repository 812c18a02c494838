//! `DELETE /channel-sessions/{channelSessionId}`: `DeleteChannelSession`. Answers without content, also where nothing was
//! to be erased and that is allowed.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use channel_session_api::v1::DeleteChannelSessionRequest;
use http::{StatusCode, request::Parts};

use crate::{Gateway, headers, id::PathId, problem::Problem, query, upstream::Effect};

pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    PathId(id): PathId,
    parts: Parts,
) -> Result<Response, Problem> {
    headers::refuse_request_id(&parts.headers)?;
    let request = query::read(&parts, |query| {
        Ok(DeleteChannelSessionRequest {
            channel_session_id: id.as_str().to_owned(),
            etag: headers::etag(&parts.headers, String::new())?,
            allow_missing: query.flag("allowMissing")?,
            validate_only: query.flag("validateOnly")?,
        })
    })?;
    gateway
        .call(&parts, Effect::of(request.validate_only), request, |mut client, request| async move {
            client.delete_channel_session(request).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

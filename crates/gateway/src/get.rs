//! `GetChannelSession`.

use channel_session_api::v1::{ChannelSessionView, GetChannelSessionRequest};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG},
};

use crate::{
    headers::{Headers, Known},
    id::PathId,
    operation::Answer,
    problem::Problem,
    reply::{Answers, DOCUMENT, Reply},
    upstream::{Call, Effect},
};

/// A session's document, where the caller does not have it.
pub(crate) struct Document;

impl Answers for Document {
    const ANSWERS: &'static [Answer] =
        &[DOCUMENT.with(&[("ETag", true)]), Answer::empty(304).with(&[("ETag", true)])];
}

pub(crate) async fn get(
    call: Call,
    PathId(id): PathId,
    Headers(known): Headers<Known>,
) -> Result<Reply<Document>, Problem> {
    let request = GetChannelSessionRequest {
        channel_session_id: id.as_str().to_owned(),
        view: ChannelSessionView::Json.into(),
    };
    let (response, counted) = call
        .make_counted(Effect::Read, request, |mut client, request| async move {
            client.get_channel_session(request).await
        })
        .await?;
    let session = response.channel_session.unwrap_or_default();
    if known.holds(&session.etag) {
        return Ok(Reply::new((StatusCode::NOT_MODIFIED, [(ETAG, session.etag)])));
    }
    let headers = [(ETAG, &*session.etag), (CONTENT_TYPE, "application/json")];
    Reply::new((headers, session.document_json)).counted(&call.gateway, counted)
}

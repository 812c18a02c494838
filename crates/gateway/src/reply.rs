//! What goes back: stored documents as they are, and JSON around them.

use axum::response::{AppendHeaders, IntoResponse, Response};
use channel_session_api::v1::ChannelSession;
use domain::Error;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::problem::Problem;

/// Answers with a session's document as it is stored, and its revision as the entity tag.
pub(crate) fn document(status: StatusCode, session: Option<ChannelSession>) -> Response {
    let session = session.unwrap_or_default();
    // A creation that was only validated has no revision, and so no entity tag.
    let etag = (session.revision > 0).then_some(AppendHeaders([(ETAG, session.etag)]));
    (status, etag, [(CONTENT_TYPE, "application/json")], session.document_json).into_response()
}

/// Answers with JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let text = serde_json::to_vec(value).map_err(|error| Problem::from(&Error::Internal(error.into())))?;
    Ok((StatusCode::OK, [(CONTENT_TYPE, "application/json")], text).into_response())
}

/// A stored document that is to stand within other JSON, as it is.
pub(crate) fn within(id: Option<&str>, text: String) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(text).map_err(|error| {
        let id = id.unwrap_or_default();
        Problem::from(&Error::Internal(format!("the stored document of {id} is no JSON: {error}").into()))
    })
}

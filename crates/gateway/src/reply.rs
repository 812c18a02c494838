//! The stored document as a response.

use axum::response::IntoResponse;
use channel_session_api::v1::ChannelSession;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG},
};

/// Answers with a session's document as it is stored, and its revision as the entity tag.
pub(crate) fn document(status: StatusCode, session: Option<ChannelSession>) -> impl IntoResponse {
    let session = session.unwrap_or_default();
    let headers = [(CONTENT_TYPE, "application/json".to_owned()), (ETAG, session.etag)];
    (status, headers, session.document_json)
}

//! `POST /channel-sessions` and `PUT /channel-sessions/{channelSessionId}`: `CreateChannelSession`. The body is the
//! document. POST refuses to store it where there is one already; PUT puts it in its place, unless told not to by
//! `If-None-Match: *`.

use axum::{body::Body, extract::State, response::Response};
use channel_session_api::v1::{
    ChannelSessionView, CreateChannelSessionRequest, CreateChannelSessionResponse, ExistingChannelSession,
};
use domain::session::{Document, Revision};
use http::{HeaderValue, StatusCode, header::LOCATION, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    Gateway,
    body::{self, Types},
    headers,
    id::PathId,
    problem::Problem,
    query, reply,
    upstream::Effect,
};

pub(crate) async fn post(
    State(gateway): State<Gateway>,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    // It says what this path does anyway, and must not say anything else.
    headers::only_if_absent(&parts.headers)?;
    let request = CreateChannelSessionRequest {
        existing: ExistingChannelSession::Refuse.into(),
        etag: headers::etag_of_existing(&parts.headers)?,
        request_id: headers::request_id(&parts.headers, String::new())?,
        validate_only: query::read(&parts, |query| query.flag("validateOnly"))?,
        ..CreateChannelSessionRequest::default()
    };
    let stored_nothing = request.validate_only;
    let session = create(&gateway, &parts, body, request).await?.channel_session.unwrap_or_default();
    if stored_nothing {
        return Ok(reply::document(StatusCode::OK, Some(session)));
    }
    let location = format!("/channel-sessions/{}", utf8_percent_encode(session.id(), RESERVED));
    let mut response = reply::document(StatusCode::CREATED, Some(session));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// What has to be encoded in a segment of a path: all but the unreserved characters (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) async fn put(
    State(gateway): State<Gateway>,
    PathId(id): PathId,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    let only_if_absent = headers::only_if_absent(&parts.headers)?;
    let existing =
        if only_if_absent { ExistingChannelSession::Refuse } else { ExistingChannelSession::Replace };
    let request = CreateChannelSessionRequest {
        channel_session_id: id.as_str().to_owned(),
        existing: existing.into(),
        etag: headers::etag_of_existing(&parts.headers)?,
        request_id: headers::request_id(&parts.headers, String::new())?,
        validate_only: query::read(&parts, |query| query.flag("validateOnly"))?,
        ..CreateChannelSessionRequest::default()
    };
    let stored_nothing = request.validate_only;
    let response = create(&gateway, &parts, body, request).await?;
    let status = if !stored_nothing && is_certainly_new(&response, existing) {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(reply::document(status, response.channel_session))
}

/// Whether there was no session before. Where one was put in the place of another, only the first revision says so: one
/// that is stored again after it was deleted goes on counting, as a replaced one does.
fn is_certainly_new(response: &CreateChannelSessionResponse, existing: ExistingChannelSession) -> bool {
    let revision = response.channel_session.as_ref().map(|session| Revision::new(session.revision));
    response.changed && (existing == ExistingChannelSession::Refuse || revision == Some(Revision::FIRST))
}

async fn create(
    gateway: &Gateway,
    parts: &Parts,
    body: Body,
    request: CreateChannelSessionRequest,
) -> Result<CreateChannelSessionResponse, Problem> {
    let (text, _share) = body::json(gateway, parts, body, Types::Json, Document::MAX_TEXT_BYTES).await?;
    let request = CreateChannelSessionRequest {
        document_json: Some(text),
        view: ChannelSessionView::Json.into(),
        ..request
    };
    gateway
        .call(parts, Effect::of(request.validate_only), request, |mut client, request| async move {
            client.create_channel_session(request).await
        })
        .await
}

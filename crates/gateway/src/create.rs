//! `CreateChannelSession`. The body is the document. POST refuses to store it where there is one already; PUT puts it in
//! its place, unless `If-None-Match: *` forbids it.

use std::borrow::Cow;

use axum::response::IntoResponse;
use budget::Counted;
use channel_session_api::v1::{
    CreateChannelSessionRequest, CreateChannelSessionResponse, ExistingChannelSession,
};
use domain::session::{Document, Revision};
use http::{StatusCode, header::LOCATION};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    body::{Body, Content},
    headers::{Headers, Preference, Storing},
    id::PathId,
    openapi::{ChannelSessionDocument, rules},
    operation::Answer,
    problem::Problem,
    query::{Query, Validation},
    reply::{Answers, DOCUMENT, NO_DOCUMENT, Reply},
    upstream::{Call, Effect},
};

/// The document as its text.
pub(crate) struct DocumentText(String);

impl JsonSchema for DocumentText {
    fn schema_name() -> Cow<'static, str> {
        "DocumentToStore".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let document = generator.subschema_for::<ChannelSessionDocument>();
        json_schema!({ "type": "object", "allOf": [document], "properties": { "id": rules::id(generator) } })
    }
}

impl Content for DocumentText {
    const MAX_BYTES: usize = Document::MAX_TEXT_BYTES;

    fn read(text: String) -> Result<Self, Problem> {
        Ok(Self(text))
    }
}

/// A session that was stored, and perhaps is new.
pub(crate) struct Stored;

impl Answers for Stored {
    const ANSWERS: &'static [Answer] = &[
        DOCUMENT.with(&[("ETag", false)]),
        DOCUMENT.with_status(201).with(&[("ETag", true), ("Location", false)]),
        NO_DOCUMENT,
    ];
}

pub(crate) async fn post(
    call: Call,
    // That it is to be stored only where there is none says what this path does anyway.
    Headers(storing): Headers<Storing>,
    Headers(preference): Headers<Preference>,
    Query(Validation { validate_only }): Query<Validation>,
    Body(DocumentText(text), _share): Body<DocumentText>,
) -> Result<Reply<Stored>, Problem> {
    let request = CreateChannelSessionRequest {
        existing: ExistingChannelSession::Refuse.into(),
        ..request(text, storing, validate_only, &preference)
    };
    let (response, counted) = create(&call, request).await?;
    let session = response.channel_session.unwrap_or_default();
    if validate_only {
        return Ok(Reply::session(StatusCode::OK, Some(session), &preference).made_with(counted));
    }
    let location = format!("/channel-sessions/{}", utf8_percent_encode(session.id(), RESERVED));
    let reply = Reply::<Stored>::session(StatusCode::CREATED, Some(session), &preference).made_with(counted);
    Ok(Reply::new(([(LOCATION, location)], reply.into_response())))
}

/// What has to be encoded in a segment of a path: all but the unreserved characters (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) async fn put(
    call: Call,
    PathId(id): PathId,
    Headers(storing): Headers<Storing>,
    Headers(preference): Headers<Preference>,
    Query(Validation { validate_only }): Query<Validation>,
    Body(DocumentText(text), _share): Body<DocumentText>,
) -> Result<Reply<Stored>, Problem> {
    let existing =
        if storing.only_if_absent { ExistingChannelSession::Refuse } else { ExistingChannelSession::Replace };
    let request = CreateChannelSessionRequest {
        channel_session_id: id.as_str().to_owned(),
        existing: existing.into(),
        ..request(text, storing, validate_only, &preference)
    };
    let (response, counted) = create(&call, request).await?;
    let status = if !validate_only && is_certainly_new(&response, existing) {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(Reply::session(status, response.channel_session, &preference).made_with(counted))
}

/// Whether there was no session before. Where one was put in the place of another, only the first revision says so: one
/// that is stored again after it was deleted goes on counting, as a replaced one does.
fn is_certainly_new(response: &CreateChannelSessionResponse, existing: ExistingChannelSession) -> bool {
    let revision = response.channel_session.as_ref().map(|session| Revision::new(session.revision));
    response.changed && (existing == ExistingChannelSession::Refuse || revision == Some(Revision::FIRST))
}

fn request(
    text: String,
    storing: Storing,
    validate_only: bool,
    preference: &Preference,
) -> CreateChannelSessionRequest {
    CreateChannelSessionRequest {
        document_json: Some(text),
        view: preference.view(None),
        etag: storing.etag,
        request_id: storing.request_id,
        validate_only,
        ..CreateChannelSessionRequest::default()
    }
}

async fn create(
    call: &Call,
    request: CreateChannelSessionRequest,
) -> Result<(CreateChannelSessionResponse, Option<Counted>), Problem> {
    let effect = Effect::of(request.validate_only);
    call.make_counted(effect, request, |mut client, request| async move {
        client.create_channel_session(request).await
    })
    .await
}

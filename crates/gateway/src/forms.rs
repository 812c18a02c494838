//! `UpdateData` for legacy callers. The body is the list of attributes, and goes on as it came. A query may hold anything,
//! but not what asks for a check in place of a change.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use channel_session_api::v1::UpdateDataRequest;
use domain::{Error, Reason, attribute::Attributes};
use http::{StatusCode, request::Parts};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    body::{Body, Content, Types},
    headers::{Change, Headers, Preference, refuse},
    id::PathId,
    openapi,
    operation::{Describe, Operation},
    percent,
    problem::Problem,
    reply::{Reply, Session},
    upstream::{Call, Effect},
};

/// The list of attributes as its text.
pub(crate) struct AttributeList(String);

impl JsonSchema for AttributeList {
    fn schema_name() -> Cow<'static, str> {
        "AttributeList".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let attribute = generator.subschema_for::<openapi::Attribute>();
        json_schema!({ "type": "array", "items": attribute, "maxItems": Attributes::MAX })
    }
}

impl Content for AttributeList {
    const TYPES: Types = Types::JsonOrNone;

    fn read(text: String) -> Result<Self, Problem> {
        Ok(Self(text))
    }
}

/// A query in which no safeguard is: whatever else legacy callers add to their paths has no effect.
pub(crate) struct NoSafeguard;

impl<S: Sync> FromRequestParts<S> for NoSafeguard {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        const VALIDATE_ONLY: &str = "validateOnly";
        let mut names = parts.uri.query().unwrap_or_default().split('&').map(|pair| pair.split('=').next());
        if names.any(|name| name.and_then(percent::decode).as_deref() == Some(VALIDATE_ONLY)) {
            let description =
                "is not supported here: PATCH /channel-sessions/{channelSessionId} takes it in its body";
            return Err(refuse(VALIDATE_ONLY, "not_here", description));
        }
        Ok(Self)
    }
}

impl Describe for NoSafeguard {
    fn describe(operation: &mut Operation) {
        operation.reasons.push(Reason::InvalidParameter);
    }
}

pub(crate) async fn update_data(
    call: Call,
    PathId(id): PathId,
    NoSafeguard: NoSafeguard,
    Headers(mut change): Headers<Change>,
    Headers(preference): Headers<Preference>,
    Body(AttributeList(text), _share): Body<AttributeList>,
) -> Result<Reply<Session>, Problem> {
    let request = UpdateDataRequest {
        channel_session_id: id.as_str().to_owned(),
        attributes_json: Some(text),
        view: preference.view(None),
        etag: change.etag(String::new())?,
        request_id: change.request_id(String::new())?,
        ..UpdateDataRequest::default()
    };
    let (response, counted) = call
        .make_counted(Effect::Write, request, |mut client, request| async move {
            client.update_data(request).await
        })
        .await
        .map_err(Problem::of_body)?;
    Ok(Reply::session(StatusCode::OK, response.channel_session, &preference).made_with(counted))
}

pub(crate) async fn without_id() -> Problem {
    Problem::from(&Error::IdRequired)
}
